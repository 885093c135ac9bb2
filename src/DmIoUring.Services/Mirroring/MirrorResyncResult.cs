using System.Globalization;

namespace DmIoUring.Services;

/// <summary>What came of a resync.</summary>
public sealed record MirrorResyncResult
{
    internal MirrorResyncResult()
    {
    }

    /// <summary>How it ended.</summary>
    public required MirrorResyncOutcome Outcome { get; init; }

    /// <summary>Regions that were copied.</summary>
    public required long CopiedRegions { get; init; }

    /// <summary>The legs that it brought into sync.</summary>
    public required RegionBits InSync { get; init; }

    /// <summary>The legs that it could not bring into sync; <see cref="MirrorDevice.Legs"/> says why.</summary>
    public required RegionBits Failed { get; init; }

    /// <summary>The first sector, of 512 bytes, that no leg in sync could read: no leg comes into sync then. <see langword="null"/>: there is none.</summary>
    public required long? UnreadableSector { get; init; }

    /// <summary>Whether all legs that have a device are in sync and equal.</summary>
    public bool IsComplete => Outcome == MirrorResyncOutcome.Complete;

    /// <summary>Human-readable: what came of it.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Outcome}: {CopiedRegions} regions copied, in sync {InSync}, failed {Failed}{(UnreadableSector is { } sector ? $", sector {sector} unreadable" : "")}");
}
