using System.Globalization;
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

    public IEnumerable<Plot> All => new[] { Headline(), Latency(), Depth(), Options() }.OfType<Plot>();

    private Plot? Headline()
    {
        string[] contestants = [Names.Reactor, Names.Lane, Names.Bare, Names.Fio, Names.RandomAccess];
        var rows = Names.Devices
            .Select(medium => (Names.InWords(medium), contestants.Select(one => Median(new(Names.On(Names.Deep, medium), one), Metric.Iops, Thousand))))
            .ToArray();
        const string title = "4 KiB random reads, 128 under way: thousand IOPS";
        return Has(rows) ? new Plot("headline.svg", title, Bars(title, rows, [.. contestants.Select(one => (one, Colours[one]))])) : null;
    }

    private Plot? Latency()
    {
        string contest = Names.On(Names.Single, Medium.LoopOnTmpfs);
        string[] contestants = [Names.Sync, Names.Preadv2, Names.Reactor, Names.Lane, Names.Inline, Names.Await, Names.RandomAccess];
        (string, string)[] metrics = [("p50", "#005f86"), ("p99", "#58a6c9"), ("p99.9", "#bbbbbb")];
        var rows = contestants
            .Select(one => (one, new[] { Metric.P50, Metric.P99, Metric.P999 }.Select(metric => Median(new(contest, one), metric, Thousand))))
            .ToArray();
        const string title = "One 4 KiB random read at a time, loop over tmpfs: microseconds";
        return Has(rows) ? new Plot("latency.svg", title, "set logscale y\nset xtics rotate by -15\n" + Bars(title, rows, metrics, lowest: "5")) : null;
    }

    private Plot? Depth()
    {
        string[] contestants = [Names.Reactor, Names.Lane, Names.RandomAccess];
        var rows = AllContests.Depths
            .Select(depth => (depth.ToString(CultureInfo.InvariantCulture), contestants.Select(one => Median(AllContests.OfDepth(depth, one), Metric.Iops, Thousand))))
            .ToArray();
        if (!Has(rows))
            return null;
        const string title = "4 KiB random reads on loop over tmpfs: thousand IOPS by requests under way";
        string lines = string.Join(", ", contestants.Select((one, index) => string.Create(
            CultureInfo.InvariantCulture, $"$data using (strcol(1) + 0):{index + 2} with linespoints lw 2 pt 7 ps 0.6 lc rgb '{Colours[one]}' title '{one}'")));
        return new Plot("depth.svg", title, $"{PlotData.Block(rows)}set title '{title}'\nset yrange [0:*]\nset logscale x 2\nset xrange [0.9:{AllContests.Depths[^1] * 1.1}]\nset xtics ({string.Join(", ", AllContests.Depths)})\nplot {lines}\n");
    }

    private Plot? Options()
    {
        Contest[] contests = [.. OptionVariants.DeepDevices.Select(OptionVariants.Deep)];
        var rows = contests[0].Contestants
            .Where(static one => one.Against is not null)
            .Select(one => (one.Name, contests.Select(contest => Worth(contest, one))))
            .ToArray();
        const string title = "What one option changes: IOPS against the default, 4 KiB random reads, depth 128";
        const string scale = "set xtics rotate by -35\nset arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb '#333333' dt 2\n";
        return Has(rows)
            ? new Plot("options.svg", title, scale + Bars(title, rows, [.. OptionVariants.DeepDevices.Zip(["#005f86", "#58a6c9"], static (medium, colour) => (Names.InWords(medium), colour))]))
            : null;
    }

    private double? Worth(Contest contest, Contestant one) =>
        Spread.Of(results.Ratios(new(contest.Id, one.Name), new(contest.Id, one.Against!), Metric.Iops))?.Median;

    private double? Median(Entrant entrant, string metric, double unit) => results.SpreadOf(entrant, metric)?.Median / unit;

    private static bool Has((string, IEnumerable<double?>)[] rows) => rows.Any(static row => row.Item2.Any(static value => value is not null));

    private static string Bars(
        string title, IEnumerable<(string, IEnumerable<double?>)> rows, IReadOnlyList<(string Name, string Colour)> bars, string lowest = "0")
    {
        string plotted = string.Join(", ", bars.Select(static (bar, index) => string.Create(
            CultureInfo.InvariantCulture, $"$data using {index + 2}:xtic(1) lc rgb '{bar.Colour}' title '{bar.Name}'")));
        return $"""
            {PlotData.Block(rows)}set title '{title}'
            set style data histograms
            set style histogram clustered gap 1
            set style fill solid
            set boxwidth 0.9
            set yrange [{lowest}:*]
            plot {plotted}

            """;
    }
}
