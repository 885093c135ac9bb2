namespace DmIoUring.KernelTests;

/// <summary>One entry of a log that dm-log-writes left behind.</summary>
/// <param name="Sector">The first sector, of 512 bytes.</param>
/// <param name="Count">How many.</param>
/// <param name="Flags">What it is.</param>
/// <param name="Data">What was written; for a mark, its name.</param>
internal sealed record LogEntry(long Sector, long Count, LogFlags Flags, byte[] Data);
