using DmIoUring.Memory;
using DmIoUring.Rings;
using DmIoUring.Telemetry;

namespace DmIoUring.Engine;

/// <summary>The settings of an engine, independent of its kind of ring.</summary>
internal sealed record EngineSettings
{
    /// <summary>The largest chunk, in bytes.</summary>
    public required int ChunkBytes { get; init; }

    /// <summary>Nanoseconds that a request may take; 0 for no limit.</summary>
    public long TimeLimit { get; init; }

    /// <summary>The pool whose pages are registered with the ring; null for none.</summary>
    public PagePool? Pool { get; init; }

    /// <summary>Whether devices stay open from one request to the next. The owner must then process the release of disposed devices.</summary>
    public bool HoldsDevices { get; init; }

    /// <summary>Whether the devices that are held are registered with the ring.</summary>
    public bool RegistersFiles { get; init; }

    /// <summary>
    /// Whether a FUA write is a write and then a flush also where it is one chunk, on a device without FUA. As a system call it would flush twice: after the write
    /// itself (REQ_FUA, block/blk-flush.c), and when the call ends (generic_write_sync in blkdev_write_iter, block/fops.c).
    /// </summary>
    public bool FlushesSeparately { get; init; }

    /// <summary>Whether system calls carry out every entry: a FUA write then flushes the whole device also where that has FUA (<see cref="BlockDevice.FuaFlushes"/>).</summary>
    public bool IsBySystemCalls { get; init; }

    /// <summary>The optional features of the ring.</summary>
    public RingPlan Ring { get; init; }

    /// <summary>The free list for requests with a callback; null when each returns to its pool.</summary>
    public RequestFreeList? FreeRequests { get; init; }

    /// <summary>What executes entries that the ring can't; null for system calls.</summary>
    public EntryExecutor? SystemCalls { get; init; }

    /// <summary>Where the engine tells what happens.</summary>
    public DriverTelemetry Telemetry { get; init; } = DriverTelemetry.None;
}
