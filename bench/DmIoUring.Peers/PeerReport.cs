using System.Text.Json.Serialization;
using DmIoUring.Cli;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Peers;

/// <summary>What a run measured, under the names that <c>dmio bench</c> gives it.</summary>
internal sealed class PeerReport(string peer, BenchReport report)
{
    public string Peer { get; } = peer;

    public BenchOutcome Outcome { get; } = report.Outcome;

    public long? Operations { get; } = report.Operations;

    public double? Seconds { get; } = report.Seconds;

    public double? Iops { get; } = report.Iops;

    public double? BwBytes { get; } = report.BwBytes;

    public BenchLatency? LatNs { get; } = report.LatNs;

    public double? CpuNsPerOp { get; } = report.CpuNsPerOp;

    public double? AllocatedBytesPerOp { get; } = report.AllocatedBytesPerOp;

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? IosPerEnter { get; } = report.IosPerEnter;

    public BenchCollections? Gc { get; } = report.Gc;

    public IReadOnlyList<BenchDeviceReport>? Devices { get; } = report.Devices;

    public BenchFailure? Failure { get; } = report.Failure;

    public IReadOnlyList<Refusal>? Refusals { get; } = report.Refusals;

    public PeerSettings Settings { get; } = new(report.Settings);
}
