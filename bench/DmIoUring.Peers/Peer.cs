using DmIoUring.Cli.Bench;

namespace DmIoUring.Peers;

/// <summary>Something that <c>dmio bench</c> is compared with.</summary>
internal sealed record Peer
{
    /// <summary>The subcommand.</summary>
    public required string Name { get; init; }

    public required string Description { get; init; }

    /// <summary>Those of <c>dmio bench</c> that it has too.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>What it can do; the first is what it does when nothing is said.</summary>
    public required IReadOnlyList<BenchPattern> Patterns { get; init; }

    /// <summary>Devices that it can write to at once.</summary>
    public int Legs { get; init; } = 1;

    /// <summary>Makes of what was asked for what the same run would be called with <c>dmio bench</c>.</summary>
    public required Func<BenchRequest, BenchRequest> Adjust { get; init; }

    public required Func<BenchRun, BenchLoad> MakeLoad { get; init; }
}
