namespace DmIoUring.Cli.Stress;

/// <summary>How a run ended; its document.</summary>
internal sealed record StressReport() : CommandReport("stress")
{
    public required StressOutcome Outcome { get; init; }

    protected override int EndsWith => Outcome switch
    {
        StressOutcome.Clean => Cli.ExitCode.Success,
        StressOutcome.Failed => Cli.ExitCode.DeviceFailed,
        StressOutcome.Refused => Cli.ExitCode.Refused,
        _ => Cli.ExitCode.Interrupted,
    };

    public ulong? Seed { get; init; }

    /// <summary>How long the threads were at it.</summary>
    public double? Seconds { get; init; }

    /// <summary>The same with the first writing and the reading back.</summary>
    public double? TotalSeconds { get; init; }

    public int? Threads { get; init; }

    public int? Depth { get; init; }

    public bool? Faults { get; init; }

    /// <summary>What to type for the same operations again.</summary>
    public string? CommandLine { get; init; }

    public string? WhyNoLoopDevices { get; init; }

    /// <summary>Why --faults does without bad sectors, stuck requests and power cuts; null when it has them, or was not asked for.</summary>
    public string? WhyNoFaultyMedium { get; init; }

    public IReadOnlyList<StressDeviceReport>? Devices { get; init; }

    public StressCounts? Counts { get; init; }

    /// <summary>Of all the clients there were, added up.</summary>
    public IoStatistics? Statistics { get; init; }

    /// <summary>The first thing that was wrong.</summary>
    public Finding? Finding { get; init; }

    public IReadOnlyList<Refusal>? Refusals { get; init; }
}
