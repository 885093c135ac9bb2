namespace DmIoUring.Services;

/// <summary>How a destination gets zeroes.</summary>
internal enum ZeroMethod : byte
{
    /// <summary>A hole, by a discard: a regular file, where the source has zeroes.</summary>
    Discard,

    /// <summary>By write zeroes.</summary>
    WriteZeroes,

    /// <summary>Zeroes are written from memory.</summary>
    Pages,
}
