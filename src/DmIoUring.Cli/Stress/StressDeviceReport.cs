namespace DmIoUring.Cli.Stress;

/// <summary>One device of a run.</summary>
/// <param name="Path">Its path.</param>
/// <param name="MadeAs">What the run made; null for one that the user named.</param>
/// <param name="Bytes">How much of it is used.</param>
/// <param name="LogicalBlockSize">The smallest unit of I/O.</param>
/// <param name="IsDirect">Whether I/O goes past the page cache.</param>
/// <param name="HasDiscard">Whether it discards.</param>
internal sealed record StressDeviceReport(string Path, string? MadeAs, long Bytes, int LogicalBlockSize, bool IsDirect, bool HasDiscard);
