namespace DmIoUring.Cli.Demo;

/// <summary>What the demo saw; the document that <c>--json</c> prints. Every figure was measured in this run.</summary>
internal sealed record DemoReport
{
    /// <summary>Whether the legs failed where they had to and nowhere else, and all else was read back.</summary>
    public required bool IsAsExpected { get; init; }

    public required string Ring { get; init; }

    public required string KernelRelease { get; init; }

    public string? WhyNoLoopDevices { get; init; }

    public required bool IsDirect { get; init; }

    public required long BytesPerLeg { get; init; }

    public required int PieceBytes { get; init; }

    public required int Depth { get; init; }

    public required double WriteSeconds { get; init; }

    /// <summary>The union of every request's bits.</summary>
    public required string Failed { get; init; }

    /// <summary>Where the middle leg was cut.</summary>
    public required long ExpectedFirstBadSector { get; init; }

    public required IReadOnlyList<DemoLegReport> Legs { get; init; }

    public required int LatencyBytes { get; init; }

    public required int LatencyWritesPerRound { get; init; }

    public required int LatencyRounds { get; init; }

    public required IReadOnlyList<LatencyReport> Latency { get; init; }

    public required long ThroughputBytesPerRound { get; init; }

    public required int ThroughputRounds { get; init; }

    public required IReadOnlyList<ThroughputReport> Throughput { get; init; }

    public required double TotalSeconds { get; init; }
}
