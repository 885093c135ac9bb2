using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Engine;

namespace DmIoUring.Drivers;

/// <summary>
/// Decides whether an owner waits awake before it sleeps, and how long: for a few times as long as the recent waits took that ended awake. Where waiting
/// awake did not pay several times in a row, the next waits sleep at once, twice as many each time, before it is tried as many times again. Used by one thread. Times are in ticks of <see cref="Stopwatch"/>.
/// </summary>
/// <remarks>
/// A wait that was awake in vain has taken a processor from others, perhaps from the device's own thread. So the time that is spent in vain is also
/// limited to a share of all time, whatever the waits came to. And where sleeping is found to be as fast (<see cref="SleepComparison"/>), it sleeps.
/// </remarks>
internal struct AwakeWait
{
    /// <summary>Chunks in flight up to which waiting awake is tried: with more, a sleep is short and ends with several completions.</summary>
    public const int MaxInFlight = 3;

    /// <summary>Waits that did not pay, one after the other, after which the next ones sleep at once. One says nothing: after sleeps the device's own processor is asleep, too.</summary>
    public const int UnpaidInARow = 3;

    /// <summary>The most sleeps between two attempts.</summary>
    public const int MaxSleeps = 1024;

    /// <summary>
    /// A wait pays when it ends awake within this part of the limit. Of a longer one, being woken would be the smaller part, and not worth the processor time
    /// of the whole.
    /// </summary>
    public const int PayingPart = 2;

    /// <summary>A wait is awake for so many times as long as the recent ones that ended awake.</summary>
    private const int Patience = 4;

    /// <summary>The time whose share may be spent in vain at once.</summary>
    private static readonly long MaxCreditTime = Stopwatch.Frequency / 100;

    private readonly IoWaitPolicy _policy;
    private readonly long _limit;
    private readonly double _share;
    private long _usual;
    private long _start;
    private long _end;
    private long _refilled;
    private double _credit;
    private SleepComparison _comparison = new();
    private bool _isCompared;
    private int _unpaid;
    private int _sleeps;
    private int _nextSleeps = 1;

    /// <summary>The first wait is tried awake.</summary>
    /// <param name="options">The policy and its limits.</param>
    /// <param name="processors">How many processors this process may use: with one, waiting awake keeps everybody else from it.</param>
    /// <param name="now">The time.</param>
    public AwakeWait(IoDriverOptions options, int processors, long now)
    {
        _limit = (long)(options.SpinLimit.TotalSeconds * Stopwatch.Frequency);
        _policy = _limit == 0 || (options.WaitPolicy == IoWaitPolicy.Adaptive && processors == 1) ? IoWaitPolicy.Sleep : options.WaitPolicy;
        _share = options.SpinShare;
        _usual = _limit / Patience;
        _refilled = now;
        _credit = MaxCreditTime * _share;
    }

    public AwakeWait(IoDriverOptions options)
        : this(options, Environment.ProcessorCount, Stopwatch.GetTimestamp())
    {
    }

    /// <summary>Whether to find out if sleeping is as fast. Not where others must do more to end a sleep than a wait awake.</summary>
    public bool ComparesSleep { get; init; } = true;

    /// <summary>Whether waits may be awake at all.</summary>
    public readonly bool IsPossible => _policy != IoWaitPolicy.Sleep;

    /// <summary>Lets a moment pass between two looks.</summary>
    public static void Pause()
    {
#pragma warning disable RS0030 // The one place that waits awake.
        Thread.SpinWait(5);
#pragma warning restore RS0030
    }

    /// <summary>Whether to wait awake now, as far as that can be said without the time: where not, no clock is read, which is a system call in some virtual machines.</summary>
    /// <param name="inFlight">Chunks in flight.</param>
    /// <param name="pays">Whether the caller knows that it pays.</param>
    public bool MayBegin(int inFlight, bool pays)
    {
        if (_policy == IoWaitPolicy.Busy)
            return true;
        if (_policy == IoWaitPolicy.Sleep || inFlight > MaxInFlight)
            return false;
        if (pays || _sleeps == 0)
            return true;
        _sleeps--;
        return false;
    }

    /// <summary>Whether to wait awake now, after <see cref="MayBegin"/>: while <see cref="Continues"/>, and then <see cref="End"/>.</summary>
    public bool TryBegin(bool pays, long now)
    {
        _start = now;
        if (_policy == IoWaitPolicy.Busy)
        {
            _end = now + _limit;
            return true;
        }

        if (!pays && _comparison.WantsSleep)
        {
            _isCompared = true;
            return false;
        }

        _credit = Math.Min(_credit + ((now - _refilled) * _share), MaxCreditTime * _share);
        _refilled = now;
        _end = now + Math.Min(_usual * Patience, _limit);
        return _credit > 0;
    }

    /// <summary>Both in one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryBegin(int inFlight, bool pays) => MayBegin(inFlight, pays) && TryBegin(pays, Stopwatch.GetTimestamp());

    /// <summary>Whether to look once more.</summary>
    public readonly bool Continues(long now) => now < _end;

    /// <summary>Notes whether a wait ended awake, or was in vain, so that it goes on asleep.</summary>
    public void End(bool found, long now)
    {
        long took = now - _start;
        if (!found)
            _credit -= took;
        _usual += ((found ? Math.Min(took, _limit) : _limit) - _usual) / 8;
        if (found && took <= _limit / PayingPart)
        {
            _unpaid = 0;
            _nextSleeps = 1;
            if (ComparesSleep)
                _comparison.NoteAwake(took);
            return;
        }

        if (++_unpaid < UnpaidInARow)
            return;

        // The next tries are as many: the first of them finds the device's processor asleep, too, and tells nothing.
        _unpaid = 0;
        _nextSleeps = Math.Min(_nextSleeps * 2, MaxSleeps);
        _sleeps = _nextSleeps;
    }

    /// <summary>A sleep has ended. To be called after every wait that was not awake, unless <see cref="ComparesSleep"/> is false.</summary>
    public void Slept()
    {
        if (_isCompared)
            EndSleep(Stopwatch.GetTimestamp());
    }

    /// <summary>The same, if it was one for the comparison.</summary>
    public void EndSleep(long now)
    {
        _isCompared = false;
        _sleeps = _comparison.NoteSleep(now - _start);
    }

    /// <summary>Waits awake for an engine's results, for the end of a request that needs none, or for a wake-up, if that pays.</summary>
    /// <returns>Whether there is such; otherwise the caller sleeps.</returns>
    public bool Run(IoEngine engine, bool pays = false, OwnerWake? wake = null)
    {
        if (engine.HasResults)
        {
            if (engine.HasInlineTransfers)
                engine.Enter(0);
            return true;
        }

        if (engine.MustPoll || !TryBegin(engine.InFlight, pays))
            return false;
        long ended = engine.Counters.Requests;
        while (true)
        {
            engine.Enter(0);
            bool found = engine.HasResults || engine.Counters.Requests != ended || wake is { IsWoken: true };
            long now = Stopwatch.GetTimestamp();
            if (found || !Continues(now))
            {
                End(found, now);
                return found;
            }

            Pause();
        }
    }
}
