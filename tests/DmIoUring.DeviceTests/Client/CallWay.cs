namespace DmIoUring.DeviceTests.Client;

/// <summary>How a test makes its requests: the contract is one, the ways through the library are many.</summary>
public enum CallWay
{
    /// <summary>On the caller's thread: one pread or pwrite, or a ring of the thread's own.</summary>
    Sync,

    /// <summary>Synchronous with no ring of the thread's own, so that larger requests wait for a lane.</summary>
    SyncOnLane,

    /// <summary>On a lane, told by a callback.</summary>
    Callback,

    /// <summary>On a lane, told by a task.</summary>
    Awaited,

    /// <summary>As <see cref="Sync"/>, on a host without io_uring: what needs a ring is done by worker threads.</summary>
    WorkerSync,

    /// <summary>As <see cref="SyncOnLane"/>, by worker threads.</summary>
    WorkerSyncOnLane,

    /// <summary>As <see cref="Callback"/>, by worker threads.</summary>
    WorkerCallback,

    /// <summary>As <see cref="Awaited"/>, by worker threads.</summary>
    WorkerAwaited,

    /// <summary>As <see cref="Sync"/>, under a kernel that answers all that one may (<see cref="Rings.SeededKernel"/>).</summary>
    SeededSync,

    /// <summary>As <see cref="Callback"/>, under such a kernel.</summary>
    SeededCallback,

    /// <summary>On a lane, by one of its own callbacks: no hand-over.</summary>
    NestedCallback,

    /// <summary>By a reactor, on the thread that owns it; native memory by its address alone, the fastest way in.</summary>
    Reactor,

    /// <summary>As <see cref="Reactor"/>, by worker threads.</summary>
    WorkerReactor,

    /// <summary>As <see cref="Reactor"/>, under a kernel that answers all that one may.</summary>
    SeededReactor,

    /// <summary>As <see cref="Callback"/>, by a lane that asks devices for completions; those of these tests refuse it.</summary>
    PolledCallback,

    /// <summary>As <see cref="Reactor"/>, by a reactor that asks devices for completions.</summary>
    PolledReactor,

    /// <summary>On a lane, as a batch of one.</summary>
    Batch,

    /// <summary>On a lane, as a batch of one from one of its own callbacks.</summary>
    NestedBatch,

    /// <summary>As <see cref="Callback"/>, told by a callback on the thread pool.</summary>
    PoolCallback,

    /// <summary>By a reactor that can be woken, as a batch of one.</summary>
    ReactorBatch,
}
