namespace DmIoUring.Engine;

/// <summary>A region of a request in flight: what is still to be issued. It shrinks as chunks are split off.</summary>
internal struct Leg
{
    /// <summary>Holds the device open while the request is in flight.</summary>
    public BlockDevice Device;

    /// <summary>Byte offset of the region on the device.</summary>
    public long Start;

    /// <summary>Bytes of the region; 0 for a flush.</summary>
    public long Length;

    /// <summary>Byte offset on the device of what is left to issue.</summary>
    public long Offset;

    /// <summary>Bytes left to issue; 0 from the beginning for a region that is skipped or was refused.</summary>
    public long Remaining;

    /// <summary>The memory of what is left.</summary>
    public BufferCursor Buffer;

    /// <summary>The device's slot in the engine's table; <see cref="Devices.DeviceTable.NoSlot"/> while the leg itself keeps the device open.</summary>
    public int Slot;

    public LegStage Stage;

    /// <summary>Its owner transfers it by system calls.</summary>
    public bool IsInline;

    /// <summary>It must be one entry, and fails if it can't be.</summary>
    public bool IsWhole;

    /// <summary>Its chunks are written without FUA, and one flush is to follow the last of them; see <see cref="Request.FlushesLast"/>.</summary>
    public bool FlushesLast;

    /// <summary>The chunks of a leg that flushes last that were issued and have not ended.</summary>
    public int Unfinished;

    /// <summary>It is durable only if no flush of its device has failed since there were <see cref="FailedFlushes"/>.</summary>
    public bool DependsOnFlush;

    /// <summary>How many flushes of its device had failed when the request was submitted.</summary>
    public long FailedFlushes;

    /// <summary>When the request was submitted, in ticks of the stopwatch; only where it depends on a flush.</summary>
    public long Submitted;

    /// <summary>When its engine got it, and when the last of its chunks ended, in ticks of the stopwatch; 0 where nobody asks, or nothing was issued.</summary>
    public long Began;
    public long Ended;

    /// <summary>Where and why it has failed; the lowest sector.</summary>
    public long FailedSector;
    public int FailedErrno;
    public IoFailureCause FailedCause;

    /// <summary>Its memory is misaligned for its device, so it uses bounce buffers.</summary>
    public bool Bounces;
}

/// <summary>The progress of a leg.</summary>
internal enum LegStage : byte
{
    /// <summary>The data may be split and issued.</summary>
    Data,

    /// <summary>Its device must be flushed: before the data, alone, or after all of it.</summary>
    MustFlush,

    /// <summary>The flush is in flight; the data that is left waits.</summary>
    Flushing,

    /// <summary>The flush before the data has succeeded: the data may be split and issued, unless another flush of the device has failed since.</summary>
    Flushed,
}
