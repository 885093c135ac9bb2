using System.Globalization;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>One metric of a contestant against another of the same run: how far its slowest requests are from the usual one.</summary>
internal sealed record OwnRatioFigure(Entrant Entrant, string Metric, string Other) : Figure
{
    public override IReadOnlyList<Entrant> Needs => [Entrant];

    public override IEnumerable<double> Of(ResultSet results) =>
        from one in results.Of(Entrant)
        where one.Values.ContainsKey(Metric) && one.Values.GetValueOrDefault(Other) > 0
        select one.Values[Metric] / one.Values[Other];

    public override string Text(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00}x");
}
