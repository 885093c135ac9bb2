namespace DmIoUring.TestSupport;

/// <summary>How a test's bytes lie in memory.</summary>
public enum BufferShape
{
    /// <summary>One piece that starts on a page.</summary>
    Contiguous,

    /// <summary>One piece at an odd address, which no direct I/O takes.</summary>
    Misaligned,

    /// <summary>Vectors of whole sectors, in no order of their addresses.</summary>
    Vectors,

    /// <summary>Vectors of any length at any address.</summary>
    OddVectors,

    /// <summary>A list of <see cref="Memory{T}"/> in managed memory.</summary>
    Segments,

    /// <summary>A <see cref="System.Buffers.ReadOnlySequence{T}"/>.</summary>
    Sequence,

    /// <summary>A list of adjacent pool pages.</summary>
    Pages,

    /// <summary>Pool pages, from the second sector of the first on.</summary>
    PagesFromTheSecondSector,

    /// <summary>Pool pages, from an odd byte of the first on.</summary>
    PagesFromAnOddByte,

    /// <summary>Pool pages no two of which are adjacent.</summary>
    ScatteredPages,

    /// <summary>The same, from the second sector of the first on.</summary>
    ScatteredPagesFromTheSecondSector,
}
