using DmIoUring.Threading;

namespace DmIoUring.UnitTests.Threading;

public sealed class WayComparisonTests
{
    private const int Begin = WayComparison.FirstTrials * ((2 * WayComparison.Run) + WayComparison.FirstInterval);

    [Theory]
    [InlineData(100, 50, true)]
    [InlineData(100, 84, true)]
    [InlineData(100, 86, false)]
    [InlineData(100, 500, false)]
    [InlineData(5000, 1001, false)]
    public void TheFasterWay_IsUsed_IfItIsWorthIt(long first, long second, bool expected)
    {
        WayComparison ways = new(worth: 0.85, most: 1000);
        Use(ref ways, Begin, first, second);
        Assert.Equal(expected, ways.PrefersSecond);
        Assert.Equal(expected, ways.Next(out _));
    }

    [Fact]
    public void BeforeTheFirstTrial_TheFirstWayIsUsed()
    {
        WayComparison ways = new(worth: 0.85, most: 1000);
        Assert.False(ways.PrefersSecond);
        Assert.False(ways.Next(out bool measures));
        Assert.True(measures);
    }

    [Theory]
    [InlineData(100, 10)]
    [InlineData(100, 1000)]
    public void TheSlowerWay_IsTriedSeldom_AndTheMoreSeldomTheMoreOftenItLoses(long first, long second)
    {
        WayComparison ways = new(worth: 0.85, most: 10_000);
        Use(ref ways, Begin, first, second);
        bool preferred = ways.PrefersSecond;
        int early = Use(ref ways, 2000, first, second);
        Use(ref ways, 30_000, first, second);
        int late = Use(ref ways, 100_000, first, second);
        Assert.Equal(preferred, ways.PrefersSecond);
        Assert.InRange(preferred ? 2000 - early : early, 1, 2000 / 50);
        Assert.InRange(preferred ? 100_000 - late : late, 1, 100_000 / 900);
    }

    [Fact]
    public void OneTrialThatWasDisturbed_ChangesNothing()
    {
        WayComparison ways = new(worth: 0.85, most: 10_000);
        Use(ref ways, Begin, 100, 50);
        bool measures;
        do
        {
            Use(ref ways, 1, 100, 5000, out measures);
        }
        while (!measures);
        Use(ref ways, (2 * WayComparison.Run) - 1, 100, 5000);
        Use(ref ways, 1, 100, 50);
        Assert.True(ways.PrefersSecond);
    }

    [Fact]
    public void FewSlowUsesInATrial_DoNotDecideIt()
    {
        WayComparison ways = new(worth: 0.85, most: 10_000);
        for (int use = 0; use < 200_000; use++)
        {
            bool second = ways.Next(out bool measures);
            if (measures)
                ways.Note(second, use % 5 == 0 ? 1_000_000 : second ? 50 : 100);
        }

        Assert.True(ways.PrefersSecond);
    }

    [Theory]
    [InlineData(50, 500)]
    [InlineData(500, 50)]
    public void WhatHasChanged_IsFoundOut(long before, long after)
    {
        WayComparison ways = new(worth: 0.85, most: 10_000);
        Use(ref ways, 1_000_000, 100, before);
        Use(ref ways, (WayComparison.LongestInterval * 2) + (4 * WayComparison.ShortestInterval), 100, after);
        Assert.Equal(after < 100, ways.PrefersSecond);
    }

    private static int Use(ref WayComparison ways, int times, long first, long second) => Use(ref ways, times, first, second, out _);

    /// <summary>How many of so many uses were the second way.</summary>
    private static int Use(ref WayComparison ways, int times, long first, long second, out bool measures)
    {
        int seconds = 0;
        measures = false;
        for (int use = 0; use < times; use++)
        {
            bool isSecond = ways.Next(out measures);
            if (isSecond)
                seconds++;
            if (measures)
                ways.Note(isSecond, isSecond ? second : first);
        }

        return seconds;
    }
}
