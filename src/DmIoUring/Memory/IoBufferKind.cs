namespace DmIoUring;

/// <summary>What an <see cref="IoBuffer"/> was made from.</summary>
internal enum IoBufferKind : byte
{
    /// <summary>One piece behind <see cref="Memory{T}"/>; also the empty buffer.</summary>
    Memory,

    /// <summary>One piece of native memory.</summary>
    Native,

    /// <summary>An array of native pieces.</summary>
    Vectors,

    /// <summary>An array of pieces behind <see cref="Memory{T}"/>.</summary>
    Segments,

    /// <summary>A read-only sequence.</summary>
    Sequence,

    /// <summary>Pages of a pool.</summary>
    Pages,
}
