namespace DmIoUring.Cli.Mirroring;

/// <summary>What a resync did.</summary>
/// <param name="IsComplete">Whether all legs that were named are in sync now.</param>
/// <param name="Regions">Regions that had to be copied.</param>
/// <param name="CopiedRegions">Of these, those that were.</param>
/// <param name="CopiedBytes">The same in bytes, once for all the legs that got them.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="BytesPerSecond">To each leg.</param>
/// <param name="InSync">Bit i is leg i: it was brought into sync.</param>
/// <param name="Failed">Bit i is leg i: it could not be brought into sync.</param>
/// <param name="UnreadableSector">The first sector that no leg in sync could read.</param>
internal sealed record MirrorResyncReport(
    bool IsComplete,
    long Regions,
    long CopiedRegions,
    long CopiedBytes,
    double Seconds,
    double BytesPerSecond,
    RegionBitsReport InSync,
    RegionBitsReport Failed,
    long? UnreadableSector);
