using System.Diagnostics;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>What rings on one reserve cost, by their order, round by round.</summary>
internal sealed class SharingSeries(int rings)
{
    private readonly Samples[] _made = Make(rings);
    private readonly Samples[] _registered = Make(rings);
    private readonly Samples[] _pinned = Make(rings);

    /// <summary>Microseconds until the last ring worked and had its pages.</summary>
    public double LastUs => Total(^1);

    /// <summary>The figures of the first and of the last ring, and what part of the first's the last's are.</summary>
    /// <param name="emptyUs">Microseconds that such a ring takes without a reserve: a lane registers in its own thread, while it is being made.</param>
    public object FiguresBeyond(double emptyUs) => new
    {
        FirstMadeUs = _made[0].Median,
        FirstRegisteredUs = _registered[0].Median,
        FirstPinnedBytes = _pinned[0].Median,
        LastMadeUs = _made[^1].Median,
        LastRegisteredUs = _registered[^1].Median,
        LastPinnedBytes = _pinned[^1].Median,
        TotalRatio = Total(^1) / Total(0),
        RegistrationRatio = emptyUs > 0 ? Math.Max(0, Total(^1) - emptyUs) / (Total(0) - emptyUs) : _registered[^1].Median / _registered[0].Median,
        PinnedRatio = _pinned[^1].Median / _pinned[0].Median,
    };

    /// <summary>Adds a ring's figures.</summary>
    /// <param name="round">The round; not counted where negative.</param>
    /// <param name="ring">Which ring of the round.</param>
    /// <param name="made">Ticks until the ring worked.</param>
    /// <param name="registered">Ticks after that, until its pages were registered.</param>
    /// <param name="pinned">Bytes pinned for it.</param>
    public void Add(int round, int ring, long made, long registered, long pinned)
    {
        _made[ring].Add(round, Microseconds(made));
        _registered[ring].Add(round, Microseconds(registered));
        _pinned[ring].Add(round, pinned);
    }

    private double Total(Index ring) => _made[ring].Median + _registered[ring].Median;

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private static Samples[] Make(int rings) => [.. Enumerable.Range(0, rings).Select(static _ => new Samples())];
}
