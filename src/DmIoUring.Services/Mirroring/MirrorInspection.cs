namespace DmIoUring.Services;

/// <summary>What the metadata on some devices says of their mirror: see <see cref="MirrorDevice.InspectAsync"/>. Nothing was written, and nobody was kept from it.</summary>
public sealed record MirrorInspection
{
    internal MirrorInspection()
    {
    }

    /// <summary>The devices that were given, in that order, and what each of them is.</summary>
    public required IReadOnlyList<MirrorInspectedDevice> Devices { get; init; }

    /// <summary>The mirror's legs by index; empty when no device has valid metadata.</summary>
    public required IReadOnlyList<MirrorInspectedLeg> Legs { get; init; }

    /// <summary>The mirror's id; of several mirrors, the one with the most devices. <see langword="null"/> when no device has valid metadata.</summary>
    public Guid? Id { get; init; }

    /// <summary>The mirror's sectors of 512 bytes.</summary>
    public long SectorCount { get; init; }

    /// <summary>Sectors of 512 bytes of a region of the log.</summary>
    public long RegionSectors { get; init; }

    /// <summary>Whether its data has checksums: see <see cref="MirrorCreateOptions.Checksums"/>.</summary>
    public bool HasChecksums { get; init; }

    /// <summary>How often the legs' states were recorded: the number of the newest superblock.</summary>
    public long Changes { get; init; }

    /// <summary>Regions that may differ between the legs, by the log.</summary>
    public long DirtyRegions { get; init; }

    /// <summary>Whether a leg with a device is out of sync, or legs in sync may differ because the mirror is in use or was not closed.</summary>
    public bool NeedsResync { get; init; }

    /// <summary>
    /// Why <see cref="MirrorDevice.OpenAsync"/> would refuse these devices; <see cref="MirrorRefusal.Missing"/> only when nothing else is wrong. <see langword="null"/>: it would open them,
    /// if they can be written.
    /// </summary>
    public MirrorRefusal? Refusal { get; init; }

    /// <summary>The same in words, with what to do.</summary>
    public string? Reason { get; init; }

    /// <summary>Regions of the mirror; the last one may be shorter.</summary>
    public long Regions => RegionSectors == 0 ? 0 : (SectorCount + RegionSectors - 1) / RegionSectors;

    /// <summary>Whether all legs are there, in sync and equal.</summary>
    public bool IsInSync => Refusal is null && !NeedsResync;
}
