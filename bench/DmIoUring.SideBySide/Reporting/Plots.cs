using DmIoUring.Cli;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>The pictures of a session: those for which it has the figures.</summary>
internal sealed class Plots(ResultSet results)
{
    private const double Thousand = 1000;

    /// <summary>Dark and light of one hue for this library, greys for the limits, orange for .NET: told apart by everybody.</summary>
    private static readonly Dictionary<string, string> Colours = new(StringComparer.Ordinal)
    {
        [Names.Reactor] = "#005f86",
        [Names.Lane] = "#58a6c9",
        [Names.Bare] = "#777777",
        [Names.Fio] = "#bbbbbb",
        [Names.RandomAccess] = "#e07b00",
    };

    public IEnumerable<Picture> All => new[] { Headline(), Latency(), Depth(), Options() }.OfType<Picture>();

    private Picture? Headline()
    {
        string[] contestants = [Names.Reactor, Names.Lane, Names.Bare, Names.Fio, Names.RandomAccess];
        (string, Spread?[])[] rows =
        [
            .. Names.Devices.Select(medium => (
                Names.InWords(medium), contestants.Select(one => results.SpreadOf(new(Names.On(Names.Deep, medium), one), Metric.Iops)?.In(Thousand)).ToArray())),
        ];
        const string title = "4 KiB random reads, 128 under way: thousand IOPS, medians, lowest to highest";
        return Has(rows) ? new Picture("headline.png", title, Charts.BarsWithSpread(title, rows, InColour(contestants))) : null;
    }

    private Picture? Latency()
    {
        string contest = Names.On(Names.Single, Medium.LoopOnTmpfs);
        string[] contestants = [Names.Sync, Names.Preadv2, Names.Reactor, Names.Lane, Names.Inline, Names.Await, Names.RandomAccess];
        (string, string)[] metrics = [("p50", "#005f86"), ("p99", "#58a6c9"), ("p99.9", "#bbbbbb")];
        (string, double?[])[] rows =
        [
            .. contestants.Select(one => (one, new[] { Metric.P50, Metric.P99, Metric.P999 }.Select(metric => Median(new(contest, one), metric, Thousand)).ToArray())),
        ];
        const string title = "One 4 KiB random read at a time, loop over tmpfs: microseconds";
        return Has(rows) ? new Picture("latency.png", title, Charts.LogarithmicBars(title, rows, metrics, lowest: 5).WithLeaningNames(90)) : null;
    }

    private Picture? Depth()
    {
        string[] contestants = [Names.Reactor, Names.Lane, Names.RandomAccess];
        (double, double?[])[] rows =
        [
            .. AllContests.Depths.Select(depth => (
                (double)depth, contestants.Select(one => Median(AllContests.OfDepth(depth, one), Metric.Iops, Thousand)).ToArray())),
        ];
        const string title = "4 KiB random reads on loop over tmpfs: thousand IOPS by requests under way";
        return Has(rows) ? new Picture("depth.png", title, Charts.Lines(title, rows, InColour(contestants))) : null;
    }

    private Picture? Options()
    {
        Contest[] contests = [.. OptionVariants.DeepDevices.Select(OptionVariants.Deep)];
        (string, double?[])[] rows =
        [
            .. contests[0].Contestants
                .Where(static one => one.Against is not null)
                .Select(one => (one.Name, contests.Select(contest => Worth(contest, one)).ToArray())),
        ];
        const string title = "What one option changes: IOPS against the default, 4 KiB random reads, depth 128";
        (string, string)[] devices = [.. OptionVariants.DeepDevices.Zip(["#005f86", "#58a6c9"], static (medium, colour) => (Names.InWords(medium), colour))];
        return Has(rows) ? new Picture("options.png", title, Charts.Bars(title, rows, devices).WithMark(1).WithLeaningNames(120)) : null;
    }

    private static (string Name, string Colour)[] InColour(string[] contestants) => [.. contestants.Select(static one => (one, Colours[one]))];

    private double? Worth(Contest contest, Contestant one) =>
        Spread.Of(results.Ratios(new(contest.Id, one.Name), new(contest.Id, one.Against!), Metric.Iops))?.Median;

    private double? Median(Entrant entrant, string metric, double unit) => results.SpreadOf(entrant, metric)?.Median / unit;

    private static bool Has<TName, TValue>((TName, TValue?[] Values)[] rows)
        where TValue : struct => rows.Any(static row => row.Values.Any(static value => value is not null));
}
