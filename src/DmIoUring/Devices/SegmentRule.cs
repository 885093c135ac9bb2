namespace DmIoUring.Devices;

/// <summary>What a device asks of the lengths of the pieces of one transfer.</summary>
internal enum SegmentRule
{
    /// <summary>It did not tell: an empty device, or a file without a block on the medium. Whole blocks are always right.</summary>
    Unknown,

    /// <summary>Each must be whole logical blocks.</summary>
    Whole,

    /// <summary>Each must be a multiple of the memory alignment; only their sum must be whole logical blocks.</summary>
    Fine,
}
