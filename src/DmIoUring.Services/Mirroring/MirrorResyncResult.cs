using System.Globalization;

namespace DmIoUring.Services;

/// <summary>How a resync ended.</summary>
/// <param name="IsComplete">Whether all legs that have a device are in sync and equal.</param>
/// <param name="CopiedRegions">Regions that were copied.</param>
/// <param name="InSync">The legs that it brought into sync.</param>
/// <param name="Failed">The legs that it could not bring into sync; <see cref="MirrorDevice.Legs"/> says why.</param>
/// <param name="UnreadableSector">The first sector that no leg in sync could read; no leg comes into sync then. -1: there is none.</param>
/// <param name="IsCancelled">Whether it was cancelled.</param>
public readonly record struct MirrorResyncResult(bool IsComplete, long CopiedRegions, RegionBits InSync, RegionBits Failed, long UnreadableSector, bool IsCancelled)
{
    /// <summary>Human-readable: what came of it.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IsComplete ? "complete" : IsCancelled ? "cancelled" : "incomplete")}: {CopiedRegions} regions copied, in sync {InSync}, failed {Failed}{(UnreadableSector < 0 ? "" : $", sector {UnreadableSector} unreadable")}");
}
