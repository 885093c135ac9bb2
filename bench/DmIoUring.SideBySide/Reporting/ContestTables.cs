using System.Globalization;
using System.Text;
using DmIoUring.Cli;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>A table for each contest: the medians of everything that was measured.</summary>
internal sealed class ContestTables(ResultSet results)
{
    private static readonly Column[] Columns =
    [
        new("IOPS:", Metric.Iops, static value => Number(value)),
        new("p50:", Metric.P50, Microseconds),
        new("p99:", Metric.P99, Microseconds),
        new("p99.9:", Metric.P999, Microseconds),
        new("CPU an operation:", Metric.Cpu, static value => Number(value) + " ns"),
        new("allocated:", Metric.Allocated, static value => string.Create(CultureInfo.InvariantCulture, $"{value:0.##} B")),
        new("entries a call:", Metric.EntriesPerEnter, static value => string.Create(CultureInfo.InvariantCulture, $"{value:0.0}")),
        new("garbage:", Metric.Garbage, static value => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:0.00} GB/s")),
        new("collections:", Metric.Collections, Number),
        new("stopped for:", Metric.Pause, static value => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.0} ms")),
    ];

    /// <summary>Those of a run with garbage only: collections of other runs are none.</summary>
    private static readonly string[] OfGarbage = [Metric.Collections, Metric.Pause];

    public void Append(StringBuilder text)
    {
        text.Append("## Medians\n\n");
        foreach (Contest contest in AllContests.List.Where(contest => EntrantsOf(contest).Any()))
        {
            text.Append(CultureInfo.InvariantCulture, $"**{contest.Title}**\n\n");
            if (contest.Contestants[0].Tool == Tool.Trial)
                AppendTrial(text, EntrantsOf(contest).First());
            else
                AppendRuns(text, contest);
        }
    }

    private void AppendRuns(StringBuilder text, Contest contest)
    {
        Entrant[] entrants = [.. EntrantsOf(contest)];
        bool hasGarbage = entrants.Any(entrant => results.Values(entrant, Metric.Garbage).Any());
        Column[] columns =
        [
            .. Columns.Where(column => entrants.Any(entrant => results.Values(entrant, column.Metric).Any()))
                .Where(column => hasGarbage || !OfGarbage.Contains(column.Metric, StringComparer.Ordinal)),
        ];
        bool hasVariants = contest.Contestants.Any(static one => one.Against is not null);
        MarkdownTable.Append(
            text,
            ["", .. columns.Select(static column => column.Heading), "IOPS, lowest to highest:", .. hasVariants ? ["IOPS against the default:"] : Array.Empty<string>()],
            entrants.Select(entrant => (IReadOnlyList<string>)
            [
                entrant.Contestant, .. columns.Select(column => Cell(entrant, column)), Range(entrant), .. hasVariants ? [Worth(contest, entrant)] : Array.Empty<string>(),
            ]));
    }

    private void AppendTrial(StringBuilder text, Entrant entrant)
    {
        IEnumerable<string> metrics = results.Of(entrant)
            .SelectMany(static one => one.Values.Keys)
            .Distinct(StringComparer.Ordinal)
            .OrderBy(static metric => metric.TrimEnd("0123456789".ToCharArray()), StringComparer.Ordinal)
            .ThenBy(static metric => metric.Length)
            .ThenBy(static metric => metric, StringComparer.Ordinal);
        MarkdownTable.Append(text, ["", "median:", "lowest to highest:"], metrics.Select(metric =>
        {
            Spread spread = results.SpreadOf(entrant, metric)!.Value;
            return (IReadOnlyList<string>)[metric, Fine(spread.Median), $"{Fine(spread.Min)} to {Fine(spread.Max)}"];
        }));
    }

    private IEnumerable<Entrant> EntrantsOf(Contest contest) => contest.Contestants
        .Select(one => new Entrant(contest.Id, one.Name))
        .Where(entrant => results.Of(entrant).Any());

    private string Cell(Entrant entrant, Column column) =>
        results.SpreadOf(entrant, column.Metric) is { } spread ? column.Text(spread.Median) : "";

    private string Range(Entrant entrant) =>
        results.SpreadOf(entrant, Metric.Iops) is { } spread ? $"{Number(spread.Min)} to {Number(spread.Max)}" : "";

    private string Worth(Contest contest, Entrant entrant)
    {
        string? against = contest.Contestants.Single(one => string.Equals(one.Name, entrant.Contestant, StringComparison.Ordinal)).Against;
        return against is not null && Spread.Of(results.Ratios(entrant, new Entrant(contest.Id, against), Metric.Iops)) is { } spread
            ? string.Create(CultureInfo.InvariantCulture, $"{spread.Median:0.00}x")
            : "";
    }

    private static string Number(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Fine(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);

    private static string Microseconds(double nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1000:0.0} us");

    private sealed record Column(string Heading, string Metric, Func<double, string> Text);
}
