namespace DmIoUring.Services;

/// <summary>A part of a job that one slot carries out.</summary>
/// <param name="Sector">Its first sector, from the beginning of the regions.</param>
/// <param name="Count">How many sectors.</param>
/// <param name="Index">Its number in the job, ascending.</param>
/// <param name="IsZeroes">Whether there is nothing to read: the destinations get zeroes.</param>
internal readonly record struct CopyPiece(long Sector, long Count, long Index, bool IsZeroes);
