namespace DmIoUring.Cli.Copy;

/// <summary>How one destination ended.</summary>
/// <param name="Region">Its bit.</param>
/// <param name="Path">As the user wrote it.</param>
/// <param name="IsCreated">Whether the file was not there before.</param>
/// <param name="IsDirect">Whether it was written and read back past the page cache.</param>
/// <param name="IsComplete">Whether everything that could be read from the source is on it, flushed.</param>
/// <param name="IsVerified">Whether it was read back and was the same.</param>
/// <param name="UntouchedBytes">What lies behind the copy, as it was before.</param>
/// <param name="Failure">What went wrong.</param>
internal sealed record DestinationReport(
    int Region, string Path, bool IsCreated, bool IsDirect, bool IsComplete, bool IsVerified, long UntouchedBytes, CopyFailure? Failure);
