#pragma warning disable RS0030 // The one place that blocks.
#pragma warning disable CA1001 // The event's WaitHandle is never asked for, and without one it holds nothing to dispose.
namespace DmIoUring.Threading;

/// <summary>An event that one thread waits for and another sets. An interrupt ends neither the wait nor <see cref="Set"/>, which takes a lock.</summary>
internal sealed class UninterruptedEvent
{
    private readonly ManualResetEventSlim _event = new(initialState: false, spinCount: 0);

    public void Set() => UninterruptedWait.Run(_event, static one => one.Set());

    public void Reset() => _event.Reset();

    /// <summary>Waits. An interrupt is kept for the thread's next wait that allows one.</summary>
    public void Wait() => UninterruptedWait.Run(_event, static one => one.Wait());

    /// <summary>As <see cref="Wait()"/>, with a time limit; an interrupt restarts it.</summary>
    /// <returns>Whether the event is set.</returns>
    public bool Wait(TimeSpan time)
    {
        UninterruptedWait.Run((_event, time), static waited => waited._event.Wait(waited.time));
        return _event.IsSet;
    }

    /// <summary>Waits; an interrupt ends the wait.</summary>
    /// <exception cref="ThreadInterruptedException">Somebody interrupted the thread.</exception>
    public void WaitUnlessInterrupted() => _event.Wait();
}
