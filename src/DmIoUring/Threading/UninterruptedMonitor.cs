#pragma warning disable RS0030 // The one place that blocks.
namespace DmIoUring.Threading;

/// <summary>As <see cref="UninterruptedLock"/>, with a condition to wait for.</summary>
internal sealed class UninterruptedMonitor
{
    private readonly object _gate = new();

    /// <summary>Enters; disposing the scope leaves.</summary>
    public Scope Enter()
    {
        if (!Monitor.TryEnter(_gate))
            UninterruptedWait.Run(_gate, static gate => Monitor.Enter(gate));
        return new Scope(_gate);
    }

    /// <summary>Leaves, waits to be woken, and enters again. Only for the library's own threads, which no program can interrupt.</summary>
    public void Wait() => Monitor.Wait(_gate);

    /// <summary>Wakes one that waits.</summary>
    public void Wake() => Monitor.Pulse(_gate);

    /// <summary>Wakes all that wait.</summary>
    public void WakeAll() => Monitor.PulseAll(_gate);

    /// <summary>As long as the monitor is held.</summary>
    public readonly ref struct Scope
    {
        private readonly object _held;

        internal Scope(object held) => _held = held;

        public void Dispose() => Monitor.Exit(_held);
    }
}
