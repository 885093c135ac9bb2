using DmIoUring.Engine;
using DmIoUring.Telemetry;

namespace DmIoUring.Drivers;

/// <summary>
/// A ring that one thread uses for its synchronous requests. Other threads may dispose it; if its thread is using it then, that thread disposes it
/// when its request has ended.
/// </summary>
internal sealed class SyncRing : IDisposable
{
    /// <summary>The most chunks of one synchronous request in flight.</summary>
    private const int MaxDepth = 64;

    private const int Idle = 0;
    private const int Busy = 1;
    private const int BusyAndClosing = 2;
    private const int Closed = 3;
    private readonly IoEngine _engine;
    private AwakeWait _awakeWait;
    private int _state;

    /// <summary>Makes a ring for the calling thread.</summary>
    /// <exception cref="IoUringUnavailableException">The host gives no more rings.</exception>
    public SyncRing(RingSource source, DmIoOptions options, CallbackReporter reporter, DriverTelemetry telemetry)
    {
        // Without registered pages and devices: every thread's ring would pin and hold them again, also while it is idle.
        EngineSettings settings = new() { ChunkBytes = options.ChunkBytes, TimeLimit = options.TimeLimitNanoseconds, Telemetry = telemetry };
        _engine = source.MakeEngine(Math.Min(options.QueueDepth, MaxDepth), settings);
        Request = new Request(reporter);
        _awakeWait = new AwakeWait(options);
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

    /// <summary>Claims the ring for a request; false when it was closed. Must be called on the owning thread.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _state, Busy, Idle) == Idle;

    /// <summary>Releases the ring after <see cref="TryEnter"/>.</summary>
    public void Exit()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Busy) == Busy)
            return;
        Volatile.Write(ref _state, Closed);
        _engine.Dispose();
    }

    /// <summary>The ring's only request. Must be used between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public Request Request { get; }

    /// <summary>Carries out the ring's prepared request. Must be called on the owning thread, between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="awake">Whether to wait awake first: the caller has compared it.</param>
    /// <param name="repeatsIfLost">Whether the caller makes the request in another way if the ring is lost.</param>
    public IoResult Run(Request request, bool awake = false, bool repeatsIfLost = false)
    {
        request.IsRepeatedIfLost = repeatsIfLost;
        request.EndSync(sleeps: false);
        _engine.Accept(request);
        while (!request.IsDone)
        {
            // Wait for all of its chunks where nothing follows: each wake-up in between would cost as much as a transfer.
            if (!_awakeWait.Run(_engine, awake))
            {
                _engine.Enter(request.HasMoreToIssue ? 1u : (uint)Math.Max(1, request.Pending));
                _awakeWait.Slept();
            }

            _engine.Dispatch();
        }

        return request.Result;
    }

    /// <summary>Disposes the ring now, or leaves that to its thread while it uses the ring. Any thread, any number of times.</summary>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, Closed, Idle) == Idle)
            _engine.Dispose();
        else
            Interlocked.CompareExchange(ref _state, BusyAndClosing, Busy);
    }
}
