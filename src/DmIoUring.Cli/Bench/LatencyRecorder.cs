using System.Diagnostics;
using HdrHistogram;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// The latencies of a run, from any thread: each has a histogram of its own, and they are added up after the run.
/// </summary>
/// <remarks>
/// A histogram is 230 KB: for each of 80 threads and of 64 targets one would be 1.2 GB. So a thread's for a target is made when the first of its requests ends
/// in the ramp, and what it records without one goes to a histogram that all share: nothing is allocated while it is measured.
/// </remarks>
internal sealed class LatencyRecorder
{
    private const long MostNanoseconds = 100_000_000_000;
    private const int Digits = 3;
    private static readonly long NanosecondsPerTick = 1_000_000_000 / Stopwatch.Frequency;

    [ThreadStatic]
    private static LatencyPart? _ofThisThread;

    private readonly Lock _lock = new();

    /// <summary>For threads that first see a target while it is measured. Guarded by themselves.</summary>
    private readonly LongHistogram[] _shared;
    private readonly int _targets;
    private readonly List<LatencyPart> _parts = [];
    private int _taken;

    /// <summary>Makes the recorder; with the threads' histograms where there is one target, so that they need no ramp.</summary>
    /// <param name="threads">How many threads are likely to record; more make theirs when they come.</param>
    /// <param name="targets">How many targets there are, whose times are kept apart.</param>
    public LatencyRecorder(int threads, int targets)
    {
        _targets = targets;
        _shared = [.. Enumerable.Range(0, targets).Select(static _ => MakeHistogram())];
        for (int i = 0; i < threads; i++)
        {
            LatencyPart part = new(this, targets);
            if (targets == 1)
                part.Prepare(0);
            _parts.Add(part);
        }
    }

    /// <summary>Makes an empty one that has recorded before: the first time allocates.</summary>
    public static LongHistogram MakeHistogram()
    {
        LongHistogram histogram = new(1, MostNanoseconds, Digits);
        histogram.RecordValue(1);
        histogram.Reset();
        return histogram;
    }

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
    public void Prepare(int target = 0) => OfThisThread.Prepare(target);

    /// <summary>Records a time in ticks of <see cref="Stopwatch"/>.</summary>
    public void Record(long ticks, int target = 0)
    {
        long time = Math.Clamp(ticks * NanosecondsPerTick, 1, MostNanoseconds);
        if (OfThisThread[target] is { } histogram)
        {
            histogram.RecordValue(time);
            return;
        }

        LongHistogram shared = _shared[target];
        lock (shared)
            shared.RecordValue(time);
    }

    /// <summary>All that was recorded, in nanoseconds; when nobody records any more.</summary>
    public LongHistogram Merge() => Merge(static _ => true);

    /// <summary>What was recorded of one target.</summary>
    public LongHistogram MergeOf(int target) => Merge(other => other == target);

    private LongHistogram Merge(Predicate<int> isAsked)
    {
        LongHistogram sum = MakeHistogram();
        lock (_lock)
        {
            for (int target = 0; target < _targets; target++)
            {
                if (!isAsked(target))
                    continue;
                sum.Add(_shared[target]);
                foreach (LatencyPart part in _parts)
                {
                    if (part[target] is { } histogram)
                        sum.Add(histogram);
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
