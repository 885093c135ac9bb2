namespace DmIoUring.Services;

/// <summary>How far a resync is.</summary>
/// <param name="Regions">Regions that have to be copied.</param>
/// <param name="DoneRegions">Of these, those that are.</param>
public readonly record struct MirrorResyncProgress(long Regions, long DoneRegions);
