namespace DmIoUring.Devices;

/// <summary>What is known of a block device's volatile cache (queue/write_cache and queue/fua in sysfs).</summary>
internal enum VolatileCache : byte
{
    /// <summary>It has none: a completed write is durable.</summary>
    None,

    /// <summary>It has one, and can write through it (FUA).</summary>
    WithFua,

    /// <summary>It has one and no FUA: the kernel flushes after a FUA write (block/blk-flush.c).</summary>
    WithoutFua,

    /// <summary>Sysfs does not say, or it is no block device that is open for direct I/O.</summary>
    Unknown,
}
