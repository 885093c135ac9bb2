namespace DmIoUring.Services;

/// <summary>What a copy does with parts that are zeroes.</summary>
public enum CopySparse
{
    /// <summary>Reads and writes all of them.</summary>
    None,

    /// <summary>
    /// Does not read the holes of a source that is a regular file. A destination gets a hole there when it is a regular file (a discard), and zeroes when it is a device
    /// (write zeroes); where it can do neither, zeroes are written.
    /// </summary>
    Holes,

    /// <summary>The same, and also for pieces that were read and are zeroes from beginning to end.</summary>
    DetectZeroes,
}
