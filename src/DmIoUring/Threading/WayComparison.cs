namespace DmIoUring.Threading;

/// <summary>
/// Compares two ways to do the same, and says which to use. Now and then it has both tried, each several times in a row, because what a way takes depends
/// on what the processors did just before; what decides is the median, and that a way wins more than once. Any thread may use one that others use: a
/// measurement may be lost then.
/// </summary>
/// <param name="worth">The second way is worth its price when it takes less than this part of the first one's time...</param>
/// <param name="most">...and at most so many ticks.</param>
internal struct WayComparison(double worth, long most)
{
    /// <summary>Uses of each way in a trial.</summary>
    public const int Run = RecentTimes.Count;

    /// <summary>Trials at the beginning, close to each other.</summary>
    public const int FirstTrials = 4;
    public const int FirstInterval = 32;

    /// <summary>Uses between two trials: at first, and at most, after they have confirmed the preference.</summary>
    public const int ShortestInterval = 512;
    public const int LongestInterval = 8192;

    /// <summary>A way that has won so many times more than it has lost keeps the preference for as many trials that it loses.</summary>
    private const int MaxLead = 2;

    private RecentTimes _first;
    private RecentTimes _second;
    private int _lead;
    private int _trials;
    private int _use;
    private int _interval = ShortestInterval;

    /// <summary>Whether the second way is the better one, as far as is known.</summary>
    public readonly bool PrefersSecond => _lead > 0;

    /// <summary>Which way to use now, true for the second.</summary>
    /// <param name="measures">Whether to measure it, for <see cref="Note"/>.</param>
    public bool Next(out bool measures)
    {
        int use = _use++;
        measures = use is >= 0 and < 2 * Run;
        if (measures)
            return use >= Run;
        if (use >= 0)
            EndTrial();
        return PrefersSecond;
    }

    /// <summary>Notes how long a way took.</summary>
    public void Note(bool second, long ticks)
    {
        if (second)
            _second.Note(ticks);
        else
            _first.Note(ticks);
    }

    private void EndTrial()
    {
        bool before = PrefersSecond;
        long second = _second.Median;
        bool wins = !_second.IsEmpty && second < _first.Median * worth && second <= most;
        _lead = Math.Clamp(_lead + (wins ? 1 : -1), -MaxLead, MaxLead);
        if (++_trials <= FirstTrials)
        {
            _use = -FirstInterval;
            return;
        }

        _interval = wins == before && PrefersSecond == before ? Math.Min(_interval * 2, LongestInterval) : ShortestInterval;
        _use = -_interval;
    }
}
