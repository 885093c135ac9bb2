using DmIoUring.DeviceTests.Rings;
using DmIoUring.Drivers;

namespace DmIoUring.DeviceTests.Client;

/// <summary>What a <see cref="CallWay"/> is made of: a ring, and a shape of the call.</summary>
internal static class CallWays
{
    private const int Seed = 20261123;

    /// <summary>The same call on io_uring.</summary>
    public static CallWay Shape(this CallWay way) => way switch
    {
        CallWay.WorkerSync => CallWay.Sync,
        CallWay.WorkerSyncOnLane => CallWay.SyncOnLane,
        CallWay.WorkerCallback => CallWay.Callback,
        CallWay.WorkerAwaited => CallWay.Awaited,
        CallWay.SeededSync => CallWay.Sync,
        CallWay.SeededCallback or CallWay.PolledCallback or CallWay.PoolCallback => CallWay.Callback,
        CallWay.WorkerReactor or CallWay.SeededReactor or CallWay.PolledReactor or CallWay.ReactorBatch => CallWay.Reactor,
        CallWay.Batch => CallWay.Callback,
        CallWay.NestedBatch => CallWay.NestedCallback,
        _ => way,
    };

    /// <summary>Whether reads and writes are made as a batch of one.</summary>
    public static bool IsBatch(this CallWay way) => way is CallWay.Batch or CallWay.NestedBatch or CallWay.ReactorBatch;

    /// <summary>Whether the callback is one that gets the bytes and two words of context: every second of the ways, of each shape, ring and path one.</summary>
    public static bool IsCompleted(this CallWay way) =>
        way is CallWay.WorkerCallback or CallWay.WorkerReactor or CallWay.SeededReactor or CallWay.PoolCallback or CallWay.NestedBatch or CallWay.ReactorBatch
            or CallWay.PolledCallback;

    /// <summary>Whether native memory is given by its address alone.</summary>
    public static bool IsByAddress(this CallWay way) => way is CallWay.Reactor or CallWay.SeededReactor or CallWay.PolledReactor or CallWay.NestedCallback;

    /// <summary>Whether the way runs on worker threads.</summary>
    public static bool IsOnWorkers(this CallWay way) =>
        way is CallWay.WorkerSync or CallWay.WorkerSyncOnLane or CallWay.WorkerCallback or CallWay.WorkerAwaited or CallWay.WorkerReactor;

    /// <summary>Whether the device sees what the engine issued: whole, and once.</summary>
    public static bool IsAsIssued(this CallWay way) => way is not (CallWay.SeededSync or CallWay.SeededCallback or CallWay.SeededReactor);

    public static DmIoClient NewClient(this CallWay way, DmIoOptions options, RingSource? rings = null)
    {
        if (way.Shape() == CallWay.SyncOnLane)
            options = options with { SyncRings = 0 };
        if (way == CallWay.PoolCallback)
            options = options with { Callbacks = IoCallbackThreads.ThreadPool };
        return way switch
        {
            _ when rings is not null => new DmIoClient(options, rings),

            // How often a ring is entered while awake depends on the time, and what such a kernel answers on how often it is entered.
            CallWay.SeededSync or CallWay.SeededCallback => new DmIoClient(options with { WaitPolicy = IoWaitPolicy.Sleep }, new SeededRingSource(Seed)),
            CallWay.PolledCallback => new DmIoClient(options with { CompletionPolling = IoCompletionPolling.Busy }),
            _ when way.IsOnWorkers() => new DmIoClient(options with { Ring = IoRingKind.Workers }),
            _ => new DmIoClient(options),
        };
    }

    /// <summary>A reactor of the way's, with those of the options that a reactor has too.</summary>
    public static IoReactor NewReactor(this CallWay way, DmIoOptions options, RingSource? rings = null)
    {
        IoReactorOptions same = new()
        {
            QueueDepth = options.QueueDepth,
            ChunkBytes = options.ChunkBytes,
            RequestTimeLimit = options.RequestTimeLimit,
            DisposeTimeLimit = options.DisposeTimeLimit,
            CompletionPolling = way == CallWay.PolledReactor ? IoCompletionPolling.Hybrid : options.CompletionPolling,
            SubmissionPolling = options.SubmissionPolling,
            WaitPolicy = way == CallWay.SeededReactor ? IoWaitPolicy.Sleep : options.WaitPolicy,
            SpinLimit = options.SpinLimit,
            CanBeWoken = way == CallWay.ReactorBatch,
            Ring = way == CallWay.WorkerReactor ? IoRingKind.Workers : options.Ring,
        };
        return way == CallWay.SeededReactor ? new IoReactor(same, new SeededRingSource(Seed)) : new IoReactor(same, rings);
    }
}
