using DmIoUring.Engine;

namespace DmIoUring.Drivers;

/// <summary>
/// A ring that one thread runs by itself for its synchronous requests. Others may close it; if its thread is using it then, that
/// thread disposes it on its way out.
/// </summary>
internal abstract class SyncRing : IDisposable
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int BusyAndClosing = 2;
    private const int Closed = 3;
    private int _state;

    public Thread Owner { get; } = Thread.CurrentThread;

    public abstract EngineCounters Counters { get; }

    /// <summary>Claims the ring for a request. The owner. Not when it was closed.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _state, Busy, Idle) == Idle;

    /// <summary>Gives the ring back after <see cref="TryEnter"/>.</summary>
    public void Exit()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Busy) == Busy)
            return;
        Volatile.Write(ref _state, Closed);
        Release();
    }

    /// <summary>Carries out one request on the calling thread. Between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public abstract IoResult Run(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, in PageList copy);

    /// <summary>Disposes the ring now, or has its thread do so. Any thread, any number of times.</summary>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, Closed, Idle) == Idle)
            Release();
        else
            Interlocked.CompareExchange(ref _state, BusyAndClosing, Busy);
    }

    /// <summary>Lets go of the engine and its ring.</summary>
    protected abstract void Release();
}
