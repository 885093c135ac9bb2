namespace DmIoUring.Cli.Bench;

/// <summary>A device as it was used.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Bytes">How much of it was used.</param>
/// <param name="LogicalBlockSize">Its block.</param>
/// <param name="IsDirect">Whether past the page cache; otherwise that is what was measured.</param>
internal sealed record BenchDeviceReport(string Path, long Bytes, int LogicalBlockSize, bool IsDirect)
{
    /// <summary>Requests that ended in the measured part; null unless each device has requests of its own.</summary>
    public long? Operations { get; init; }

    public double? Iops { get; init; }

    public BenchLatency? LatNs { get; init; }
}
