using System.Diagnostics;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>What rings on one reserve cost, by their order, round by round.</summary>
internal sealed class SharingSeries(int rings)
{
    private readonly Samples[] _made = Make(rings);
    private readonly Samples[] _registered = Make(rings);
    private readonly Samples[] _pinned = Make(rings);

    /// <summary>The figures of the first and of the last ring, and what part of the first's the last's are.</summary>
    public object Figures
    {
        get
        {
            double first = _registered[0].Median;
            double last = _registered[^1].Median;
            return new
            {
                FirstMadeUs = _made[0].Median,
                FirstRegisteredUs = first,
                FirstPinnedBytes = _pinned[0].Median,
                LastMadeUs = _made[^1].Median,
                LastRegisteredUs = last,
                LastPinnedBytes = _pinned[^1].Median,
                RegisteredRatio = last / first,
                TotalRatio = (_made[^1].Median + last) / (_made[0].Median + first),
                PinnedRatio = _pinned[^1].Median / _pinned[0].Median,
            };
        }
    }

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

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private static Samples[] Make(int rings) => [.. Enumerable.Range(0, rings).Select(static _ => new Samples())];
}
