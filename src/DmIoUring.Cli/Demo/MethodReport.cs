namespace DmIoUring.Cli.Demo;

/// <summary>What one way to write came to: a figure of each round.</summary>
internal sealed record MethodReport
{
    /// <summary>What was called.</summary>
    public required string Method { get; init; }

    /// <summary>Half of a round's writes took at most so many nanoseconds.</summary>
    public required Spread P50Ns { get; init; }

    /// <summary>All but one in a hundred of a round's.</summary>
    public required Spread P99Ns { get; init; }

    /// <summary>To each of the devices.</summary>
    public required Spread BytesPerSecond { get; init; }

    /// <summary>Processor time of the whole process, user and system, by write.</summary>
    public required Spread CpuNsPerOp { get; init; }

    /// <summary>Managed memory of the whole process, by write.</summary>
    public required Spread AllocatedBytesPerOp { get; init; }

    /// <summary>Why it is slower than the fastest of them, or that it can't be told apart; null for the fastest.</summary>
    public string? WhySlower { get; init; }
}
