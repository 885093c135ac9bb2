using System.Globalization;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>How much a curve rises: its highest point over its first, which is that of the fewest. One that falls is flat.</summary>
internal sealed record FlatnessFigure(Entrant Entrant, string Prefix, int Fewest) : Figure
{
    public override IReadOnlyList<Entrant> Needs => [Entrant];

    public override IEnumerable<double> Of(ResultSet results) =>
        from one in results.Of(Entrant)
        where one.Values.ContainsKey(First)
        let highest = one.Values.Where(value => value.Key.StartsWith(Prefix, StringComparison.Ordinal)).Max(static value => value.Value)
        select highest / one.Values[First];

    private string First => Prefix + Fewest.ToString(CultureInfo.InvariantCulture);

    public override string Text(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.000}x");
}
