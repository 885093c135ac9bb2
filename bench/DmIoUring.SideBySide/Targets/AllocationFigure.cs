using System.Globalization;
using DmIoUring.Cli;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>What this library's runs allocated, all of them together.</summary>
internal sealed record AllocationFigure : Figure
{
    /// <summary>A thread that the pool starts costs a kilobyte, once. An operation that allocates costs 24 bytes at least.</summary>
    public const double Nothing = 0.1;

    /// <summary>In runs of fewer operations the runtime's own kilobyte would be more than <see cref="Nothing"/> of each.</summary>
    private const double Fewest = 20_000;

    /// <summary>The drivers, each at its usual depth.</summary>
    public override IReadOnlyList<Entrant> Needs =>
    [
        new(Names.On(Names.Deep, Medium.LoopOnTmpfs), Names.Reactor),
        new(Names.On(Names.Deep, Medium.LoopOnTmpfs), Names.Lane),
        new(Names.On(Names.Single, Medium.LoopOnTmpfs), Names.Sync),
        new(Names.On(Names.Single, Medium.LoopOnTmpfs), Names.Await),
        new(Names.On(Names.Single, Medium.LoopOnTmpfs), Names.Inline),
        new(Names.Legs, Names.ThreeLegs),
    ];

    /// <summary>One number: the median of the contestant that has the highest. What the runtime allocates once, in some run, is in no median.</summary>
    public override IEnumerable<double> Of(ResultSet results)
    {
        double[] medians =
        [
            .. results.All
                .Where(static one => one.Tool == Tool.Dmio && one.Values.ContainsKey(Metric.Allocated)
                    && one.Values.GetValueOrDefault(Metric.Operations, double.MaxValue) >= Fewest)
                .GroupBy(static one => one.Entrant, static one => one.Values[Metric.Allocated])
                .Select(static runs => Spread.Of(runs)!.Value.Median),
        ];
        return medians.Length == 0 ? [] : [medians.Max()];
    }

    public override string Text(double value) =>
        value <= Nothing ? "0 B" : string.Create(CultureInfo.InvariantCulture, $"{value:0.00} B");
}
