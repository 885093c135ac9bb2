namespace DmIoUring.Cli.Stress;

/// <summary>How an operation's bytes lie in memory.</summary>
internal enum BufferShape : byte
{
    /// <summary>One piece of native memory that starts on a page.</summary>
    Contiguous,

    /// <summary>The same as <see cref="Memory{T}"/>.</summary>
    Memory,

    /// <summary>An array from an odd byte on, which no direct I/O takes.</summary>
    OddArray,

    /// <summary>Vectors of whole sectors, in no order of their addresses.</summary>
    Vectors,

    /// <summary>Vectors of any length at any address.</summary>
    OddVectors,

    /// <summary>A list of <see cref="Memory{T}"/> in managed memory.</summary>
    Segments,

    /// <summary>A sequence; reads take segments instead, as they can't go into a sequence.</summary>
    Sequence,

    /// <summary>Pages of the client's pool.</summary>
    Pages,

    /// <summary>Pool pages, from the second sector of the first on.</summary>
    PagesFromTheSecondSector,

    /// <summary>Pool pages, from an odd byte of the first on.</summary>
    PagesFromAnOddByte,

    /// <summary>One piece rented from the client's pool.</summary>
    Rented,
}
