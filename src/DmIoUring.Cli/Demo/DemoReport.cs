namespace DmIoUring.Cli.Demo;

/// <summary>What the demo saw; its document. Every figure was measured in this run.</summary>
internal sealed record DemoReport() : CommandReport("demo")
{
    /// <summary>Whether the legs failed where they had to and nowhere else, and all else was read back.</summary>
    public required bool IsAsExpected { get; init; }

    protected override int EndsWith => IsAsExpected ? Cli.ExitCode.Success : Cli.ExitCode.DeviceFailed;

    public required string Ring { get; init; }

    public required string KernelRelease { get; init; }

    public string? WhyNoLoopDevices { get; init; }

    public required bool IsDirect { get; init; }

    public required long BytesPerLeg { get; init; }

    public required int PieceBytes { get; init; }

    public required int Depth { get; init; }

    public required double WriteSeconds { get; init; }

    /// <summary>The union of every request's bits.</summary>
    public required RegionBitsReport Failed { get; init; }

    /// <summary>How many of the writes ended with which bits.</summary>
    public required IReadOnlyList<WriteOutcome> Writes { get; init; }

    /// <summary>Where the middle leg was cut.</summary>
    public required long ExpectedFirstBadSector { get; init; }

    public required IReadOnlyList<DemoLegReport> Legs { get; init; }

    /// <summary>Small writes, one at a time.</summary>
    public required ComparisonReport Latency { get; init; }

    /// <summary>Large writes, several at a time.</summary>
    public required ComparisonReport Throughput { get; init; }

    public required double TotalSeconds { get; init; }
}
