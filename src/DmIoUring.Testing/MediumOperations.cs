namespace DmIoUring.ScratchDevices;

/// <summary>What is asked of a <see cref="FaultFile"/>.</summary>
[Flags]
public enum MediumOperations
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A read.</summary>
    Read = 1,

    /// <summary>A write.</summary>
    Write = 2,

    /// <summary>A flush: fsync or fdatasync.</summary>
    Flush = 4,

    /// <summary>A discard or zeroes: fallocate.</summary>
    Discard = 8,

    /// <summary>All of them.</summary>
    All = Read | Write | Flush | Discard,
}
