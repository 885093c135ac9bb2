using DmIoUring.Threading;

namespace DmIoUring.Drivers;

/// <summary>
/// Whether sleeping is as fast as waiting awake: where other threads keep the processors busy, none is idle that would have to be woken. Now and then a few
/// waits that would be awake sleep, and the medians are compared. Used by one thread.
/// </summary>
internal struct SleepComparison
{
    /// <summary>Waits of each kind that are compared.</summary>
    public const int Samples = RecentTimes.Count;

    /// <summary>Waits awake between two comparisons, and sleeps after one that sleeping has won: at first, and at most, after the same has been found again and again.</summary>
    public const int FirstInterval = 128;
    public const int LongestInterval = 8192;

    private RecentTimes _awake;
    private RecentTimes _asleep;
    private int _sleepsLeft;
    private int _left = FirstInterval;
    private int _interval = FirstInterval;
    private bool _sleepWon;

    public SleepComparison()
    {
    }

    /// <summary>Whether this wait is to sleep for the comparison, and to be told to <see cref="NoteSleep"/>.</summary>
    public readonly bool WantsSleep => _sleepsLeft > 0;

    /// <summary>Notes a wait that ended awake.</summary>
    public void NoteAwake(long ticks)
    {
        _awake.Note(ticks);
        if (--_left > 0)
            return;
        _left = _interval;
        _sleepsLeft = Samples;
    }

    /// <summary>Notes a wait that slept for the comparison.</summary>
    /// <returns>How many waits are to sleep now: none where waiting awake is faster.</returns>
    public int NoteSleep(long ticks)
    {
        _asleep.Note(ticks);
        if (--_sleepsLeft > 0)
            return 0;

        // A sleep costs less processor time: it wins where it takes at most an eighth longer.
        bool wins = _asleep.Median * 8 <= _awake.Median * 9;
        _interval = wins == _sleepWon ? Math.Min(_interval * 2, LongestInterval) : FirstInterval;
        _sleepWon = wins;
        _left = wins ? FirstInterval : _interval;
        return wins ? _interval : 0;
    }
}
