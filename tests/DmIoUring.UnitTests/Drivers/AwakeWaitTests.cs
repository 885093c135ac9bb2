using System.Diagnostics;
using DmIoUring.Drivers;

namespace DmIoUring.UnitTests.Drivers;

public sealed class AwakeWaitTests
{
    private static readonly long Limit = Ticks(50);
    private long _now = 1_000_000;

    [Fact]
    public void WaitsThatPay_StayAwake_ForAFewTimesAsLong()
    {
        AwakeWait wait = New();
        for (int i = 0; i < 100; i++)
            Assert.True(Waits(ref wait, found: true, Ticks(5)));
        Assert.True(Begins(ref wait, 1, pays: false, _now));
        Assert.True(wait.Continues(_now + Ticks(15)));
        Assert.False(wait.Continues(_now + Ticks(30)));
    }

    [Fact]
    public void InVainAgainAndAgain_TheNextSleep_TwiceAsManyEachTime()
    {
        AwakeWait wait = New();
        Assert.True(Begins(ref wait, 1, pays: false, _now));
        foreach (int sleeps in (int[])[2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024])
        {
            wait.End(found: false, _now += Limit);
            for (int i = 1; i < AwakeWait.UnpaidInARow; i++)
                Assert.True(Waits(ref wait, found: false, Limit));
            Assert.Equal(sleeps, SleepsInARow(ref wait));
        }
    }

    [Fact]
    public void OneThatPays_EndsTheSleeps()
    {
        AwakeWait wait = New();
        for (int i = 0; i < AwakeWait.UnpaidInARow; i++)
            Assert.True(Waits(ref wait, found: false, Limit));
        Assert.Equal(2, SleepsInARow(ref wait));
        wait.End(found: true, _now += Ticks(5));
        for (int i = 1; i < AwakeWait.UnpaidInARow; i++)
            Assert.True(Waits(ref wait, found: false, Limit));
        Assert.True(Waits(ref wait, found: true, Ticks(5)));
    }

    [Fact]
    public void WhatIsFoundLate_DoesNotPay()
    {
        AwakeWait wait = New();
        for (int i = 0; i < AwakeWait.UnpaidInARow; i++)
            Assert.True(Waits(ref wait, found: true, (Limit / AwakeWait.PayingPart) + 1));
        Assert.False(Begins(ref wait, 1, pays: false, _now));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void TheTimeInVain_IsAShareOfAll(double share)
    {
        AwakeWait wait = New(new DmIoOptions { SpinShare = share });
        long begin = _now;
        long inVain = 0;
        for (int i = 0; i < 100_000; i++)
        {
            if (Waits(ref wait, found: false, Limit, pays: true))
                inVain += Limit;
            _now += Ticks(5);
        }

        // What may be spent at once, and the wait that spends the last of it, come on top.
        Assert.InRange(inVain, (long)((_now - begin) * share * 0.8), (long)((_now - begin) * share) + Ticks(10_000) + Limit);
    }

    [Fact]
    public void WithMoreInFlight_ItSleeps()
    {
        AwakeWait wait = New();
        Assert.True(Begins(ref wait, AwakeWait.MaxInFlight, pays: false, _now));
        Assert.False(Begins(ref wait, AwakeWait.MaxInFlight + 1, pays: false, _now));
    }

    [Fact]
    public void OnOneProcessor_Adaptive_Sleeps()
    {
        AwakeWait wait = new(new DmIoOptions(), processors: 1, _now);
        Assert.False(wait.IsPossible);
        Assert.False(Begins(ref wait, 1, pays: true, _now));
    }

    [Fact]
    public void Sleep_OrNoLimit_NeverWaitsAwake()
    {
        foreach (DmIoOptions options in (DmIoOptions[])[
            new() { WaitPolicy = IoWaitPolicy.Sleep }, new() { SpinLimit = TimeSpan.Zero }, new() { WaitPolicy = IoWaitPolicy.Busy, SpinLimit = TimeSpan.Zero }])
        {
            AwakeWait wait = New(options);
            Assert.False(wait.IsPossible);
            Assert.False(Begins(ref wait, 1, pays: true, _now));
        }
    }

    [Fact]
    public void Busy_AlwaysWaitsAwake_TheWholeLimit()
    {
        AwakeWait wait = new(new DmIoOptions { WaitPolicy = IoWaitPolicy.Busy }, processors: 1, _now);
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(Begins(ref wait, 1000, pays: false, _now));
            Assert.True(wait.Continues(_now + Limit - 1));
            Assert.False(wait.Continues(_now + Limit));
            wait.End(found: false, _now += Limit);
        }
    }

    [Fact]
    public void WhereSleepingIsAsFast_ItSleeps_LongerEachTimeThatIsFoundAgain()
    {
        AwakeWait wait = New();
        foreach (int sleeps in (int[])[SleepComparison.FirstInterval, 2 * SleepComparison.FirstInterval, 4 * SleepComparison.FirstInterval])
        {
            PayUntilCompared(ref wait, awake: 10, asleep: 11);
            for (int i = 0; i < sleeps; i++)
                Assert.False(Begins(ref wait, 1, pays: false, _now += Ticks(100)));
        }

        Assert.True(Waits(ref wait, found: true, Ticks(10)));
    }

    [Fact]
    public void WhereSleepingTakesLonger_ItStaysAwake_AndComparesLessOften()
    {
        AwakeWait wait = New();
        for (int i = 1; i <= 4; i++)
        {
            PayUntilCompared(ref wait, awake: 10, asleep: 15, waits: SleepComparison.FirstInterval << (i - 1));
            Assert.True(Begins(ref wait, 1, pays: false, _now));
            wait.End(found: false, _now += Ticks(10));
        }
    }

    [Fact]
    public void WhoeverKnowsThatItPays_IsNotCompared()
    {
        AwakeWait wait = New();
        for (int i = 0; i < 10 * SleepComparison.FirstInterval; i++)
            Assert.True(Waits(ref wait, found: true, Ticks(10), pays: true));
        AwakeWait submissions = New() with { ComparesSleep = false };
        for (int i = 0; i < 10 * SleepComparison.FirstInterval; i++)
            Assert.True(Waits(ref submissions, found: true, Ticks(10)));
    }

    /// <summary>Waits that pay, until some sleep for the comparison.</summary>
    private void PayUntilCompared(ref AwakeWait wait, int awake, int asleep, int waits = SleepComparison.FirstInterval)
    {
        for (int i = 0; i < waits; i++)
            Assert.True(Waits(ref wait, found: true, Ticks(awake)), $"Wait {i} of {waits} slept.");
        for (int i = 0; i < SleepComparison.Samples; i++)
        {
            Assert.False(Begins(ref wait, 1, pays: false, _now));
            wait.EndSleep(_now += Ticks(asleep));
        }
    }

    private static long Ticks(int microseconds) => microseconds * Stopwatch.Frequency / 1_000_000;

    private AwakeWait New(DmIoOptions? options = null) => new(options ?? new DmIoOptions(), processors: 2, _now);

    private static bool Begins(ref AwakeWait wait, int inFlight, bool pays, long now) => wait.MayBegin(inFlight, pays) && wait.TryBegin(pays, now);

    /// <summary>One wait, and whether it was awake.</summary>
    private bool Waits(ref AwakeWait wait, bool found, long ticks, bool pays = false)
    {
        if (!Begins(ref wait, 1, pays, _now))
            return false;
        wait.End(found, _now += ticks);
        return true;
    }

    /// <summary>How many waits sleep until one is awake, which has begun then.</summary>
    private int SleepsInARow(ref AwakeWait wait)
    {
        int sleeps = 0;
        while (!Begins(ref wait, 1, pays: false, _now += Ticks(10_000)))
            sleeps++;
        return sleeps;
    }
}
