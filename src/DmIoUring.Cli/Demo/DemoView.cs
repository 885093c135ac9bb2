using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DmIoUring.Cli.Demo;

/// <summary>The demo as a person sees it: the legs drawn with where they failed, then the comparison.</summary>
internal static class DemoView
{
    private const int LegCells = 24;
    private const int BarCells = 30;

    public static void Show(IAnsiConsole console, DemoReport report)
    {
        if (report.WhyNoLoopDevices is { } reason)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]Plain files instead of block devices:[/] {reason}");
        ShowLegs(console, report);
        ShowLatency(console, report);
        ShowThroughput(console, report);
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
            Markup.FromInterpolated(CultureInfo.InvariantCulture, $"Failed = [bold]{report.Failed}[/]; {Sentence(report)}"));
        string title = $" {Quantity.Bytes(report.BytesPerLeg)} to each of three {Noun(report)} at once, in pieces of {Quantity.Bytes(report.PieceBytes)} ";
        console.Write(new Panel(rows).RoundedBorder().Header(title.EscapeMarkup()));
    }

    private static string Noun(DemoReport report) => report.WhyNoLoopDevices is null ? "loop devices" : "files";

    private static string Sentence(DemoReport report)
    {
        double rate = report.BytesPerLeg / report.WriteSeconds;
        string time = string.Create(CultureInfo.InvariantCulture, $"{report.WriteSeconds:0.00} s, {Quantity.Rate(rate)} to each");
        return $"{time}; shrunk to {Quantity.Number(report.ExpectedFirstBadSector)} sectors";
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

    private static IRenderable Words(DemoLegReport leg)
    {
        string verified = Quantity.Bytes(leg.VerifiedBytes) + (leg.IsIntact ? " verified" : " verified, NOT the rest");
        return leg.Errno is null && leg.FailedPieces.Count == 0
            ? new Text(verified, leg.IsIntact ? Color.Green : Color.Red)
            : new Rows(
                Markup.FromInterpolated(CultureInfo.InvariantCulture, $"[red]{leg.Errno ?? "failed"} from sector {Quantity.Number(leg.FirstBadSector ?? -1)} on[/]"),
                new Text(verified, leg.IsIntact ? Color.Green : Color.Red));
    }

    private static void ShowLatency(IAnsiConsole console, DemoReport report)
    {
        double slowest = report.Latency.Max(method => method.P50Microseconds);
        Table table = Comparison($"One {Quantity.Bytes(report.LatencyBytes)} write to all three, µs: less is better")
            .AddColumn(new TableColumn("p50").RightAligned())
            .AddColumn(new TableColumn("p99").RightAligned())
            .AddColumn("");
        foreach (LatencyReport method in report.Latency)
        {
            table.AddRow(
                Name(method.Method),
                new Text(method.P50Microseconds.ToString("0.0", CultureInfo.InvariantCulture)),
                new Text(method.P99Microseconds.ToString("0.0", CultureInfo.InvariantCulture)),
                Bar(console, method.P50Microseconds / slowest, method.Method));
        }

        console.Write(table);
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"[grey]{report.LatencyRounds} alternating rounds of {report.LatencyWritesPerRound} writes, medians; {IoKind(report)}[/]"));
    }

    private static void ShowThroughput(IAnsiConsole console, DemoReport report)
    {
        double fastest = report.Throughput.Max(method => method.BytesPerSecond);
        Table table = Comparison($"{Quantity.Bytes(report.PieceBytes)} writes to all three, {report.Depth} under way: more is better")
            .AddColumn(new TableColumn("to each").RightAligned())
            .AddColumn("");
        foreach (ThroughputReport method in report.Throughput)
        {
            table.AddRow(
                Name(method.Method),
                new Text(Quantity.Rate(method.BytesPerSecond)),
                Bar(console, method.BytesPerSecond / fastest, method.Method));
        }

        console.Write(table);
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"[grey]{report.ThroughputRounds} alternating rounds of {Quantity.Bytes(report.ThroughputBytesPerRound)} to each, medians; {IoKind(report)}[/]"));
    }

    private static string IoKind(DemoReport report) => report.IsDirect ? "same O_DIRECT descriptors" : "through the page cache: the file system has no direct I/O";

    private static Table Comparison(string title) =>
        new Table().Border(TableBorder.Rounded).Title(title.EscapeMarkup()).AddColumn(new TableColumn("").NoWrap());

    private static Text Name(string method) => new(method, IsPeer(method) ? Style.Plain : new Style(decoration: Decoration.Bold));

    private static bool IsPeer(string method) => string.Equals(method, DemoMeasurement.Peer, StringComparison.Ordinal);

    private static Text Bar(IAnsiConsole console, double part, string method)
    {
        char cell = console.Profile.Capabilities.Unicode ? '█' : '#';
        string bar = new(cell, Math.Max(1, (int)Math.Round(part * BarCells)));
        return new Text(bar.PadRight(BarCells), IsPeer(method) ? Color.Grey : Color.Aqua);
    }
}
