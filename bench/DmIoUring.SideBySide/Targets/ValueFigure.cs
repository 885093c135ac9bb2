using System.Globalization;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>What a contestant says itself.</summary>
internal sealed record ValueFigure(Entrant Entrant, string Metric) : Figure
{
    /// <summary>Of the number that is shown; after it comes the unit.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Empty for a number of things that the target's own words name.</summary>
    public required string Unit { get; init; }

    public override IReadOnlyList<Entrant> Needs => [Entrant];

    public override IEnumerable<double> Of(ResultSet results) => results.Values(Entrant, Metric);

    public override string Text(double value) => string.Create(CultureInfo.InvariantCulture, $"{value / Scale:0.##} {Unit}").TrimEnd();
}
