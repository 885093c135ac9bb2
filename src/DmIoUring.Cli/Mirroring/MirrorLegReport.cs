namespace DmIoUring.Cli.Mirroring;

/// <summary>A leg of a mirror.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Path">Its device; null where it is missing.</param>
/// <param name="State">Its state, by the newest metadata.</param>
/// <param name="NeedsFullResync">Whether a resync copies all of it, and not only the regions that the log names.</param>
/// <param name="RegionsToCopy">Regions that a resync would write to it.</param>
/// <param name="Changes">The number of its own newest superblock; null where it is missing.</param>
/// <param name="Reason">Why it is not in sync, as far as that is known.</param>
/// <param name="IsCreated">Whether the file was not there before.</param>
internal sealed record MirrorLegReport(
    int Index, string? Path, MirrorLegCondition State, bool NeedsFullResync, long RegionsToCopy, long? Changes, string? Reason, bool IsCreated);
