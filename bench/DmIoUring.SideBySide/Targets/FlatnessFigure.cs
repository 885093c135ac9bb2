using System.Globalization;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>How flat a curve is: its highest point over its lowest.</summary>
internal sealed record FlatnessFigure(Entrant Entrant, string Prefix) : Figure
{
    public override IReadOnlyList<Entrant> Needs => [Entrant];

    public override IEnumerable<double> Of(ResultSet results) =>
        from one in results.Of(Entrant)
        let points = one.Values.Where(value => value.Key.StartsWith(Prefix, StringComparison.Ordinal)).Select(static value => value.Value).ToArray()
        where points.Length > 0
        select points.Max() / points.Min();

    public override string Text(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.000}x");
}
