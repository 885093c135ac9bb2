namespace DmIoUring.Services;

/// <summary>A leg of an inspected mirror: see <see cref="MirrorInspection"/>.</summary>
public sealed record MirrorInspectedLeg
{
    internal MirrorInspectedLeg()
    {
    }

    /// <summary>Its index.</summary>
    public required int Index { get; init; }

    /// <summary>Its device; <see langword="null"/> where it is missing.</summary>
    public required BlockDevice? Device { get; init; }

    /// <summary>Its state, by the newest superblock; never <see cref="MirrorLegState.Resyncing"/>.</summary>
    public required MirrorLegState State { get; init; }

    /// <summary>Whether a resync copies all of it; also of a missing leg, as far as is known.</summary>
    public bool NeedsFullResync { get; init; }

    /// <summary>Regions that a resync would write to it.</summary>
    public long RegionsToCopy { get; init; }

    /// <summary>The number of its own newest superblock; 0 where it is missing.</summary>
    public long Changes { get; init; }

    /// <summary>Why it is not in sync, as far as the metadata tells.</summary>
    public string? Reason { get; init; }
}
