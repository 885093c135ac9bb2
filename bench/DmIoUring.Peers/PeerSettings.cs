using System.Text.Json.Serialization;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Peers;

/// <summary>What was asked for, and what holds where nothing was said.</summary>
internal sealed class PeerSettings(BenchRequest request)
{
    public IReadOnlyList<string> Filename { get; } = request.Paths;

    public BenchPattern Rw { get; } = request.Pattern;

    public int Bs { get; } = request.BlockBytes;

    [JsonPropertyName("iodepth")]
    public int Depth { get; } = request.Depth;

    /// <summary>Null where requests go one by one.</summary>
    public int? Batch { get; } = request.Batch;

    public double RuntimeSeconds { get; } = request.RuntimeSeconds;

    public double RampSeconds { get; } = request.RampSeconds;

    public bool Lat { get; } = request.Latency;

    public ulong Seed { get; } = request.Seed;
}
