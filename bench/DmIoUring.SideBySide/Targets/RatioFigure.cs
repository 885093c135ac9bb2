using System.Globalization;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>One contestant against another of the same contest, round by round.</summary>
internal sealed record RatioFigure(Entrant Ours, Entrant Other, string Metric) : Figure
{
    public override IReadOnlyList<Entrant> Needs => [Ours, Other];

    public override IEnumerable<double> Of(ResultSet results) => results.Ratios(Ours, Other, Metric);

    public override string Text(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.000}x");
}
