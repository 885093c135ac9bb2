namespace DmIoUring.Testing;

/// <summary>What is asked of a <see cref="FaultyMedium"/>.</summary>
[Flags]
public enum MediumOperations
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A read.</summary>
    Read = 1,

    /// <summary>A write.</summary>
    Write = 2,

    /// <summary>A flush.</summary>
    Flush = 4,

    /// <summary>A discard or zeroes.</summary>
    Discard = 8,

    /// <summary>What changes something, or makes it durable: all but reads.</summary>
    Changes = Write | Flush | Discard,

    /// <summary>All of them.</summary>
    All = Read | Changes,
}
