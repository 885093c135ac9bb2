namespace DmIoUring.Services;

/// <summary>A part of a job's regions.</summary>
/// <param name="Sector">Its first sector, in units of 512 bytes from the beginning of the regions.</param>
/// <param name="Count">How many sectors.</param>
public readonly record struct CopyRange(long Sector, long Count);
