namespace DmIoUring;

/// <summary>The alignments of direct I/O, in bytes, as those of the same names of <see cref="BlockDevice"/>.</summary>
/// <param name="LogicalBlockSize">What regions must start and end on a multiple of.</param>
/// <param name="MemoryAlignment">What a buffer's address must be a multiple of; other memory is copied.</param>
/// <param name="OffsetAlignment">What an offset and a length must be a multiple of for the kernel.</param>
/// <param name="SegmentAlignment">What the length of each piece of a scattered buffer must be a multiple of; others are copied.</param>
/// <param name="ReadBlockSize">The unit of reads, where it is smaller than <paramref name="LogicalBlockSize"/>.</param>
/// <param name="Source">Where they are from: <c>statx</c>, or the fallback where the kernel does not report them.</param>
public sealed record DeviceAlignment(
    int LogicalBlockSize, int MemoryAlignment, int OffsetAlignment, int SegmentAlignment, int ReadBlockSize, string Source);
