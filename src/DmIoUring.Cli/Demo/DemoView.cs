using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DmIoUring.Cli.Demo;

/// <summary>The demo as a person sees it: the bits and where the legs failed, what still works, and what a write costs.</summary>
internal static class DemoView
{
    private const int LegCells = 24;

    public static void Show(IAnsiConsole console, DemoReport report)
    {
        if (report.WhyNoLoopDevices is { } reason)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]Plain files instead of block devices:[/] {Printable.Of(reason)}");
        ShowLegs(console, report);
        ShowWhatWorks(console, report);
        ShowComparison(console, report.Latency, $"What a {Quantity.Bytes(report.Latency.BlockBytes)} write to all three costs, one at a time");
        ShowComparison(console, report.Throughput, $"The same of {Quantity.Bytes(report.Throughput.BlockBytes)}, {report.Throughput.Depth} at a time");
        string kind = report.IsDirect ? "the same O_DIRECT descriptors" : "through the page cache, the file system has no direct I/O";
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[grey]Lowest to highest of rounds that alternate, {kind}. Processor time and allocation: the whole process, a write.[/]");
        string verdict = report.IsAsExpected
            ? "[green]As it should be:[/] the leg that shrank failed from that very sector on, the others are whole."
            : "[red]Not as it should be:[/] see the legs above.";
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"{verdict}\n{report.TotalSeconds:0.0} s in all on Linux {report.KernelRelease.EscapeMarkup()}; everything made for it is gone."));
    }

    private static void ShowLegs(IAnsiConsole console, DemoReport report)
    {
        Table table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("bit", "leg", "picture", "words");
        foreach (DemoLegReport leg in report.Legs)
        {
            table.AddRow(
                new Text(FormattableString.Invariant($"bit {leg.Region}")),
                new Text(Printable.Of(leg.Path)),
                Picture(console, leg, report.BytesPerLeg / IoRegion.SectorSize),
                Words(leg));
        }

        Rows rows = new(
            table,
            Text.Empty,
            Markup.FromInterpolated(CultureInfo.InvariantCulture, $"Failed = [bold]{report.Failed.Text}[/]; {Sentence(report)}"));
        string title = $" {Quantity.Bytes(report.BytesPerLeg)} to each of three {Noun(report)} at once, in pieces of {Quantity.Bytes(report.PieceBytes)} ";
        console.Write(new Panel(rows).Rounded(console).Header(title.EscapeMarkup()));
    }

    private static string Noun(DemoReport report) => report.WhyNoLoopDevices is null ? "loop devices" : "files";

    private static string Sentence(DemoReport report)
    {
        double rate = report.BytesPerLeg / report.WriteSeconds;
        string time = string.Create(CultureInfo.InvariantCulture, $"{report.WriteSeconds:0.00} s, {Quantity.Rate(rate)} to each");
        return $"{time}; leg 1 was shrunk to {Quantity.Number(report.ExpectedFirstBadSector)} sectors";
    }

    private static Markup Picture(IAnsiConsole console, DemoLegReport leg, long sectors)
    {
        (string good, string bad) = console.Profile.Capabilities.Unicode ? ("█", "╳") : ("#", "x");
        System.Text.StringBuilder markup = new();
        for (int cell = 0; cell < LegCells; cell++)
        {
            long first = cell * sectors / LegCells;
            long end = (cell + 1) * sectors / LegCells;
            bool failed = leg.FailedPieces.Any(range => range.Sector < end && range.Sector + range.Count > first);
            markup.Append(failed ? $"[red]{bad}[/]" : $"[green]{good}[/]");
        }

        return new Markup(markup.ToString());
    }

    private static IRenderable Words(DemoLegReport leg) => leg.FailedPieces.Count == 0
        ? new Text("whole", Color.Green)
        : Markup.FromInterpolated(CultureInfo.InvariantCulture, $"[red]{leg.Errno ?? "failed"} from sector {Quantity.Number(leg.FirstBadSector ?? -1)} on[/]");

    /// <summary>Of each leg what was read back, and that no write failed on a leg that has nothing to do with it.</summary>
    private static void ShowWhatWorks(IAnsiConsole console, DemoReport report)
    {
        console.MarkupLine("[bold]What still works[/]");
        foreach (DemoLegReport leg in report.Legs)
        {
            string verdict = leg.IsIntact ? "" : ", NOT all that was reported written";
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"  leg {leg.Region}: {leg.PiecesWritten} of {report.Writes.Sum(static one => one.Writes)} writes whole; {Quantity.Bytes(leg.VerifiedBytes)} read back and the same{verdict}");
        }

        string bits = string.Join(", ", report.Writes.Select(static one => $"{one.Failed.Text} of {Quantity.Count(one.Writes, "write")}"));
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  bits: {bits}; a write ends well on every leg that can do it");
    }

    private static void ShowComparison(IAnsiConsole console, ComparisonReport comparison, string title)
    {
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{title}[/]; {comparison.Rounds} rounds of {comparison.RoundSeconds} s");
        Table table = new Table().Border(TableBorder.None).AddColumn(new TableColumn(""));
        foreach (string heading in (ReadOnlySpan<string>)["p50 µs", "p99 µs", "MiB/s to each", "processor µs", "allocated B"])
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (MethodReport method in comparison.Methods)
        {
            table.AddRow(
                new Text(method.Method, new Style(decoration: method.WhySlower is null ? Decoration.Bold : Decoration.None)),
                Range(method.P50Ns, 1000), Range(method.P99Ns, 1000), Range(method.BytesPerSecond, 1 << 20),
                Range(method.CpuNsPerOp, 1000), Range(method.AllocatedBytesPerOp, 1));
        }

        console.Write(table);
        foreach (MethodReport method in comparison.Methods)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"[grey]  {method.Method} {(method.WhySlower is { } why ? "is slower: " + why : "is the fastest")}[/]");
        }
    }

    /// <summary>Lowest to highest, in some unit.</summary>
    private static Text Range(Spread spread, double unit)
    {
        string format = spread.Max / unit < 10 ? "0.0" : "#,0";
        string lowest = (spread.Min / unit).ToString(format, CultureInfo.InvariantCulture);
        string highest = (spread.Max / unit).ToString(format, CultureInfo.InvariantCulture);
        return new Text(string.Equals(lowest, highest, StringComparison.Ordinal) ? lowest : $"{lowest} to {highest}");
    }
}
