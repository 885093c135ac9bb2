using System.Globalization;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Targets;

/// <summary>One contestant against whichever of others was the best in the same round.</summary>
internal sealed record BestRatioFigure(Entrant Ours, IReadOnlyList<Entrant> Others, string Metric) : Figure
{
    /// <summary>Whether more of the metric is better.</summary>
    public required bool MoreIsBetter { get; init; }

    public override IReadOnlyList<Entrant> Needs => [Ours, .. Others];

    /// <summary>Of the rounds that all of them ran: the best is not known where one is missing.</summary>
    public override IEnumerable<double> Of(ResultSet results)
    {
        foreach (Measurement ours in results.Of(Ours).Where(one => one.Values.ContainsKey(Metric)))
        {
            double[] others =
            [
                .. Others.SelectMany(results.Of)
                    .Where(one => one.Round == ours.Round && one.Values.GetValueOrDefault(Metric) > 0)
                    .Select(one => one.Values[Metric]),
            ];
            if (others.Length == Others.Count)
                yield return ours.Values[Metric] / (MoreIsBetter ? others.Max() : others.Min());
        }
    }

    public override string Text(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.000}x");
}
