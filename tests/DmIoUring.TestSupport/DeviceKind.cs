namespace DmIoUring.TestSupport;

/// <summary>What a test's device is.</summary>
public enum DeviceKind
{
    /// <summary>A block device with blocks of 512 bytes.</summary>
    Loop512,

    /// <summary>A block device with blocks of 4,096 bytes.</summary>
    Loop4096,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>
    /// A loop device with 4,096-byte blocks that asks, as kernels before 6.18 do, for whole blocks in each piece of a transfer. The seeded
    /// kernel refuses others, as those do.
    /// </summary>
    Loop4096WholeSegments,

    /// <summary>A loop device that is taken for one which completes each transfer within the call: its lane or reactor makes the system calls, until one sleeps.</summary>
    LoopInline,
}
