using System.Diagnostics;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// When one job's requests are to be submitted, at a fixed rate, whatever became of earlier ones: what came too late is submitted at once, and its time
/// counts from when it was to be submitted, so that a stall is seen in all requests that it held up.
/// </summary>
internal sealed class ArrivalSchedule
{
    /// <summary>A sleep may take so much longer than it was asked for; the rest is waited for awake.</summary>
    private static readonly long SleepMargin = Stopwatch.Frequency * 15 / 10_000;

    private static readonly long LongestWait = Stopwatch.Frequency / 10;

    private readonly double _ticksApart;
    private readonly double _first;
    private long _start;
    private long _count;

    /// <summary>Makes the schedule of one of several jobs, which take turns.</summary>
    /// <param name="rate">Requests a second of all jobs.</param>
    /// <param name="job">Which job.</param>
    /// <param name="jobs">How many there are.</param>
    public ArrivalSchedule(long rate, int job, int jobs)
    {
        _ticksApart = (double)Stopwatch.Frequency * jobs / rate;
        _first = _ticksApart * job / jobs;
    }

    /// <summary>When the next one is due, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Due => _start + (long)(_first + (_count * _ticksApart));

    /// <summary>How long until the next one is due, at most as long as a wait may last when the run stops; zero when it is due.</summary>
    public TimeSpan Left => Time(Math.Max(0, Math.Min(Due - Stopwatch.GetTimestamp(), LongestWait)));

    /// <summary>The first is due soon.</summary>
    public void Start() => _start = Stopwatch.GetTimestamp();

    /// <summary>Takes the next one.</summary>
    /// <returns>When it was due.</returns>
    public long Take()
    {
        long due = Due;
        _count++;
        return due;
    }

    /// <summary>Waits until the next one is due, at the end awake, or the run stops.</summary>
    public void Wait(BenchRun run)
    {
        while (run.Phase != BenchPhase.Stopping && Due - Stopwatch.GetTimestamp() is > 0 and var left)
        {
            if (left > 2 * SleepMargin)
            {
                Thread.Sleep(Time(Math.Min(left - SleepMargin, LongestWait)));
                continue;
            }

#pragma warning disable RS0030 // A sleep ends up to a millisecond late, which would be taken for the device's time.
            Thread.SpinWait(20);
#pragma warning restore RS0030
        }
    }

    private static TimeSpan Time(long ticks) => TimeSpan.FromSeconds((double)ticks / Stopwatch.Frequency);
}
