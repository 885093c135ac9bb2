using System.Diagnostics;
using HdrHistogram;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// The latencies of a run, from any thread: each has a histogram of its own, made before the run, and they are added up after it.
/// </summary>
internal sealed class LatencyRecorder
{
    private const long MostNanoseconds = 100_000_000_000;
    private const int Digits = 3;
    private static readonly long NanosecondsPerTick = 1_000_000_000 / Stopwatch.Frequency;

    [ThreadStatic]
    private static LatencyPart? _ofThisThread;

    private readonly Lock _lock = new();
    private readonly int _targets;
    private readonly List<LatencyPart> _parts = [];
    private int _taken;

    /// <summary>Makes the histograms.</summary>
    /// <param name="threads">How many threads are likely to record; more make theirs when they come.</param>
    /// <param name="targets">How many targets there are, whose times are kept apart.</param>
    public LatencyRecorder(int threads, int targets)
    {
        _targets = targets;
        for (int i = 0; i < threads; i++)
            _parts.Add(new LatencyPart(this, targets));
    }

    public static LongHistogram MakeHistogram() => new(1, MostNanoseconds, Digits);

    private LatencyPart OfThisThread
    {
        get
        {
            LatencyPart? part = _ofThisThread;
            if (part?.Owner != this)
                _ofThisThread = part = Take();
            return part;
        }
    }

    /// <summary>Before the measured part, so that what a thread needs to record at all is not allocated in it.</summary>
    public void Prepare() => _ = OfThisThread;

    /// <summary>Records a time in ticks of <see cref="Stopwatch"/>.</summary>
    public void Record(long ticks, int target = 0) =>
        OfThisThread.Histograms[target].RecordValue(Math.Clamp(ticks * NanosecondsPerTick, 1, MostNanoseconds));

    /// <summary>All that was recorded, in nanoseconds; when nobody records any more.</summary>
    public LongHistogram Merge() => Merge(static _ => true);

    /// <summary>What was recorded of one target.</summary>
    public LongHistogram MergeOf(int target) => Merge(other => other == target);

    private LongHistogram Merge(Predicate<int> isAsked)
    {
        LongHistogram sum = MakeHistogram();
        lock (_lock)
        {
            foreach (LatencyPart part in _parts)
            {
                for (int target = 0; target < _targets; target++)
                {
                    if (isAsked(target))
                        sum.Add(part.Histograms[target]);
                }
            }
        }

        return sum;
    }

    private LatencyPart Take()
    {
        lock (_lock)
        {
            if (_taken == _parts.Count)
                _parts.Add(new LatencyPart(this, _targets));
            return _parts[_taken++];
        }
    }
}
