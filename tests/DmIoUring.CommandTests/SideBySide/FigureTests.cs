using DmIoUring.Cli;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;
using DmIoUring.SideBySide.Targets;

namespace DmIoUring.CommandTests.SideBySide;

public sealed class FigureTests
{
    private static readonly Entrant Ours = new("contest", "ours");
    private static readonly Entrant Other = new("contest", "other");

    [Fact]
    public void Spread_OfAnEvenNumber_HasTheMeanOfTheTwoInTheMiddle() =>
        Assert.Equal(new Spread(Median: 2.5, Min: 1, Max: 9), Spread.Of([9, 1, 3, 2]));

    [Fact]
    public void Spread_OfNothing_IsNone() => Assert.Null(Spread.Of([]));

    [Fact]
    public void Ratio_IsTakenInEachRound_NotOfTheMedians()
    {
        // The machine became slower from round to round, for both: the medians would say 200 / 100.
        Reached reached = Ratio(Limit.AtLeast(1), ours: [330, 220, 110], other: [300, 200, 100])!;
        Assert.Equal(1.1, reached.Spread.Median, precision: 9);
        Assert.Equal(1.1, reached.Spread.Max, precision: 9);
        Assert.True(reached.IsMet);
    }

    [Fact]
    public void Ratio_OfARoundThatOneOfThemDidNotRun_IsLeftOut() =>
        Assert.Equal(new Spread(2, 2, 2), Ratio(Limit.AtLeast(1), ours: [2, 2, 8], other: [1, 1])!.Spread);

    [Fact]
    public void Ratio_OfWhatNobodyMeasured_IsNone() => Assert.Null(Ratio(Limit.AtLeast(1), ours: [1], other: []));

    [Theory]
    [InlineData(0.98, true, "met")]
    [InlineData(0.979, true, "**missed**")]
    [InlineData(0.98, false, "met")]
    [InlineData(0.981, false, "**missed**")]
    public void Verdict_IsOfTheMedian_AndTheLimitItselfIsGood(double median, bool isFloor, string verdict) =>
        Assert.Equal(verdict, Ratio(new Limit(0.98, isFloor), ours: [0.1, median, 9], other: [1, 1, 1])!.Verdict);

    [Fact]
    public void WithoutALimit_ThereIsNoVerdict() => Assert.Null(Ratio(limit: null, ours: [1], other: [1])!.IsMet);

    [Fact]
    public void Flatness_IsTheHighestPointOverTheFirst_WhateverItsPlace()
    {
        Dictionary<string, double> values = new(StringComparer.Ordinal) { ["regions.64"] = 12, ["regions.1"] = 10, ["regions.8"] = 5, ["depths.32"] = 99 };
        ResultSet results = new([new Measurement(1, Ours.Contest, Ours.Contestant, Tool.Trial, values)]);
        FlatnessFigure figure = new(Ours, "regions.", Fewest: 1) { Where = "" };
        Assert.Equal([1.2], figure.Of(results));
    }

    [Fact]
    public void Allocation_IsTheHighestMedianOfOurs_NotOneRunAlone_NorAPeers()
    {
        ResultSet results = new(
        [
            .. CannedSession.Series(Ours, Metric.Allocated, 0, 0, 7),
            .. CannedSession.Series(Other, Tool.Peers, Metric.Allocated, 320, 320, 320),
        ]);
        AllocationFigure figure = new() { Where = "", Limit = Limit.AtMost(AllocationFigure.Nothing) };
        Assert.True(figure.Judge(results)!.IsMet);
        Assert.Equal("0 B", figure.Text(figure.Judge(results)!.Spread.Median));
    }

    [Fact]
    public void OwnRatio_IsOfTheSameRun()
    {
        ResultSet results = new([Latencies(1, p50: 10, p999: 20), Latencies(2, p50: 5, p999: 15), Latencies(3, p50: 0, p999: 15)]);
        OwnRatioFigure figure = new(Ours, Metric.P999, Metric.P50) { Where = "" };
        Assert.Equal([2, 3], figure.Of(results));
    }

    [Theory]
    [InlineData(true, 0.5)]
    [InlineData(false, 2)]
    public void BestRatio_IsAgainstTheBestOfEachRound_AndNotOfARoundThatOneMissed(bool moreIsBetter, double expected)
    {
        Entrant third = new("contest", "third");
        ResultSet results = new(
        [
            .. CannedSession.Series(Ours, Metric.Iops, 4, 8, 8),
            .. CannedSession.Series(Other, Metric.Iops, 2, 16, 8),
            .. CannedSession.Series(third, Metric.Iops, 8, 4),
        ]);
        BestRatioFigure figure = new(Ours, [Other, third], Metric.Iops) { Where = "", MoreIsBetter = moreIsBetter };
        Assert.Equal([expected, expected], figure.Of(results));
    }

    /// <summary>A durable write of a disk's takes a millisecond: what a thread costs once would be told as a hundred bytes of each.</summary>
    [Fact]
    public void Allocation_OfFewOperations_IsNotJudged()
    {
        ResultSet results = new(
        [
            .. CannedSession.Series(Ours, Metric.Allocated, 0),
            new Measurement(1, Other.Contest, Other.Contestant, Tool.Dmio, new Dictionary<string, double>(StringComparer.Ordinal) { [Metric.Allocated] = 100, [Metric.Operations] = 10 }),
        ]);
        Assert.Equal([0], new AllocationFigure { Where = "" }.Of(results));
    }

    private static Measurement Latencies(int round, double p50, double p999) => new(
        round, Ours.Contest, Ours.Contestant, Tool.Dmio, new Dictionary<string, double>(StringComparer.Ordinal) { [Metric.P50] = p50, [Metric.P999] = p999 });

    private static Reached? Ratio(Limit? limit, double[] ours, double[] other)
    {
        ResultSet results = new([.. CannedSession.Series(Ours, Metric.Iops, ours), .. CannedSession.Series(Other, Metric.Iops, other)]);
        return new RatioFigure(Ours, Other, Metric.Iops) { Where = "", Limit = limit }.Judge(results);
    }
}
