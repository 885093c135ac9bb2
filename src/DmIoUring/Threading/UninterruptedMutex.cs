#pragma warning disable RS0030 // The one place that blocks.
#pragma warning disable CA1001 // The semaphore's WaitHandle is never asked for, and without one it holds nothing to dispose.
namespace DmIoUring.Threading;

/// <summary>A mutex for threads and tasks that may be held for long. An interrupt does not end the wait for it, and is kept for the thread's next wait that allows one.</summary>
internal sealed class UninterruptedMutex
{
    private readonly SemaphoreSlim _free = new(1, 1);

    public void Enter() => UninterruptedWait.Run(_free, static free => free.Wait());

    /// <summary>Enters without blocking the thread.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; it did not enter.</exception>
    public Task EnterAsync(CancellationToken cancellationToken)
    {
        Task? entered = null;
        UninterruptedWait.Run(_free, free => entered = free.WaitAsync(cancellationToken));
        return entered!;
    }

    public void Exit() => UninterruptedWait.Run(_free, static free => free.Release());
}
