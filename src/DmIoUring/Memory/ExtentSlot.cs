namespace DmIoUring.Memory;

/// <summary>One place of the extent table, to be registered as the ring's buffer of the same index.</summary>
internal readonly unsafe struct ExtentSlot(byte* start, long length, uint generation)
{
    /// <summary>Null when the place is empty.</summary>
    public byte* Start { get; } = start;

    /// <summary>Bytes; at most 1 GiB, which is what the kernel takes as one buffer (io_uring/rsrc.c).</summary>
    public long Length { get; } = length;

    /// <summary>Changes whenever the place is filled or emptied.</summary>
    public uint Generation { get; } = generation;
}
