namespace DmIoUring.Services;

/// <summary>How far a job is.</summary>
/// <param name="SectorsDone">Sectors of 512 bytes whose pieces are over, also those that failed or were left out, and those before <see cref="CopyOptions.StartAt"/>.</param>
/// <param name="SectorCount">All the job's sectors.</param>
/// <param name="Elapsed">How long the job has been running.</param>
/// <param name="Remaining">How long it will take yet at the rate so far; <see langword="null"/> while nothing is done.</param>
public readonly record struct CopyProgress(long SectorsDone, long SectorCount, TimeSpan Elapsed, TimeSpan? Remaining);
