using DmIoUring.Engine;

namespace DmIoUring.Drivers;

/// <summary>
/// A ring that one thread runs by itself for its synchronous requests. Others may close it; if its thread is using it then, that
/// thread disposes it on its way out.
/// </summary>
internal sealed class SyncRing : IDisposable
{
    /// <summary>Chunks that one synchronous request has under way at once.</summary>
    private const int MaxDepth = 64;

    private const int Idle = 0;
    private const int Busy = 1;
    private const int BusyAndClosing = 2;
    private const int Closed = 3;
    private readonly IoEngine _engine;
    private int _state;

    /// <summary>Makes the calling thread a ring of its own.</summary>
    /// <exception cref="IoUringUnavailableException">The host has none more.</exception>
    public SyncRing(RingSource source, DmIoOptions options, CallbackReporter reporter)
    {
        // Without the page pool and without held devices: with every thread's ring they would be pinned and open as many
        // times, and stay so by rings that are idle.
        EngineSettings settings = new() { ChunkBytes = options.ChunkBytes, TimeLimit = options.TimeLimitNanoseconds };
        _engine = source.MakeEngine(Math.Min(options.QueueDepth, MaxDepth), settings);
        Request = new Request(reporter);
        try
        {
            _engine.Enable(register: false);
        }
        catch
        {
            _engine.Dispose();
            throw;
        }
    }

    public Thread Owner { get; } = Thread.CurrentThread;

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

    /// <summary>The ring's only request. Between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public Request Request { get; }

    /// <summary>Carries out the ring's request, made ready, on the calling thread. Between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public IoResult Run(Request request)
    {
        request.EndSync(sleeps: false);
        _engine.Accept(request);
        while (!request.IsDone)
        {
            // All of its chunks at once: each waking in between would cost as much as a transfer.
            _engine.Enter((uint)Math.Max(1, request.Pending));
            _engine.Dispatch();
        }

        return request.Result;
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
