using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>
/// A ring that one thread runs by itself for its synchronous requests. Others may close it; if its thread is using it then, that
/// thread disposes it on its way out.
/// </summary>
internal sealed class SyncRing : IDisposable
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int BusyAndClosing = 2;
    private const int Closed = 3;
    private readonly IoEngine<KernelRing> _engine;
    private readonly Request _request;
    private int _state;

    public SyncRing(KernelRing ring, DmIoOptions options, CallbackReporter reporter)
    {
        // Without the page pool: registered with every thread's ring it would be pinned as many times, and stay pinned
        // by rings that are idle.
        _engine = new IoEngine<KernelRing>(ring, options.ChunkBytes, options.TimeLimitNanoseconds);
        _engine.Enable(register: false);
        _request = new Request(reporter);
        Owner = Thread.CurrentThread;
    }

    public Thread Owner { get; }

    public EngineCounters Counters => _engine.Counters;

    /// <summary>Claims the ring for a request. The owner. Not when it was closed.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _state, Busy, Idle) == Idle;

    /// <summary>Gives the ring back after <see cref="TryEnter"/>.</summary>
    public void Exit()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Busy) == Busy)
            return;
        Volatile.Write(ref _state, Closed);
        _engine.Dispose();
    }

    /// <summary>Carries out one request on the calling thread. Between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public IoResult Run(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, in PageList copy)
    {
        try
        {
            _request.Prepare(operation, regions, buffer, options, copy);
        }
        catch
        {
            _request.Release();
            throw;
        }

        _request.EndSync(sleeps: false);
        _engine.Accept(_request);
        while (!_request.IsDone)
            _engine.Turn(wait: true);
        return _request.Result;
    }

    /// <summary>Disposes the ring now, or has its thread do so. Any thread, any number of times.</summary>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, Closed, Idle) == Idle)
            _engine.Dispose();
        else
            Interlocked.CompareExchange(ref _state, BusyAndClosing, Busy);
    }
}
