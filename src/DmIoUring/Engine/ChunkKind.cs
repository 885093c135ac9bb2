namespace DmIoUring.Engine;

/// <summary>What a chunk does; it decides the entry's opcode and how its result is read.</summary>
internal enum ChunkKind : byte
{
    Read,
    Write,

    /// <summary>The region's flush, before its data or alone.</summary>
    Flush,
    Discard,

    /// <summary>The same by ioctl, where the ring has it not.</summary>
    DiscardByIoctl,

    /// <summary>Zeroes by the device or the file system itself.</summary>
    Zeroes,

    /// <summary>Zeroes written from memory, where the device has none of its own.</summary>
    ZeroPages,

    /// <summary>In the kernel, while its request has ended without it: nobody is told its result.</summary>
    Abandoned,
}
