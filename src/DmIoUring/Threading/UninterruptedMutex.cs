#pragma warning disable RS0030 // The one place that blocks.
#pragma warning disable CA1001 // The semaphore's WaitHandle is never asked for, and without one it holds nothing to dispose.
namespace DmIoUring.Threading;

/// <summary>Lets one at a time through, threads and tasks, for as long as it takes. Interrupts are kept, as everywhere here.</summary>
internal sealed class UninterruptedMutex
{
    private readonly SemaphoreSlim _free = new(1, 1);

    public void Enter() => UninterruptedWait.Run(_free, static free => free.Wait());

    /// <summary>Enters when it is its turn.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; it did not enter.</exception>
    public Task EnterAsync(CancellationToken cancellationToken)
    {
        Task? entered = null;
        UninterruptedWait.Run(_free, free => entered = free.WaitAsync(cancellationToken));
        return entered!;
    }

    public void Exit() => UninterruptedWait.Run(_free, static free => free.Release());
}
