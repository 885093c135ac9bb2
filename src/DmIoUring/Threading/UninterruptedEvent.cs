#pragma warning disable RS0030 // The one place that blocks.
#pragma warning disable CA1001 // The event's WaitHandle is never asked for, and without one it holds nothing to dispose.
namespace DmIoUring.Threading;

/// <summary>Something that one thread waits for and another tells. Telling takes a lock as well, and is not interrupted either.</summary>
internal sealed class UninterruptedEvent
{
    private readonly ManualResetEventSlim _event = new(initialState: false, spinCount: 0);

    public void Set() => UninterruptedWait.Run(_event, static told => told.Set());

    public void Reset() => _event.Reset();

    /// <summary>Waits. An interrupt is kept for the thread's next wait that allows one.</summary>
    public void Wait() => UninterruptedWait.Run(_event, static told => told.Wait());

    /// <summary>As <see cref="Wait()"/>, for a while; an interrupt starts the while anew.</summary>
    /// <returns>Whether it was told.</returns>
    public bool Wait(TimeSpan time)
    {
        UninterruptedWait.Run((_event, time), static waited => waited._event.Wait(waited.time));
        return _event.IsSet;
    }

    /// <summary>Waits, and an interrupt ends the wait: for waits that say so.</summary>
    /// <exception cref="ThreadInterruptedException">Somebody interrupted the thread.</exception>
    public void WaitUnlessInterrupted() => _event.Wait();
}
