using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DmIoUring.Cli.Demo;

/// <summary>The demo as a person sees it: the legs drawn with where they failed, then the comparison.</summary>
internal static class DemoView
{
    private const int LegCells = 32;
    private const int BarCells = 30;

    public static void Show(IAnsiConsole console, DemoReport report)
    {
        if (report.WhyNoLoopDevices is { } reason)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]Plain files instead of block devices:[/] {reason}");
        ShowLegs(console, report);
        ShowLatency(console, report);
        ShowThroughput(console, report);
        string verdict = report.IsAsExpected
            ? "[green]As it should be:[/] the bad leg failed at the very sector, the others are whole."
            : "[red]Not as it should be:[/] see the legs above.";
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"{verdict} {report.TotalSeconds:0.0} s in all, on Linux {report.KernelRelease.EscapeMarkup()}; everything made for it is gone."));
    }

    private static void ShowLegs(IAnsiConsole console, DemoReport report)
    {
        Table table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("bit", "leg", "picture", "words");
        foreach (DemoLegReport leg in report.Legs)
        {
            table.AddRow(
                new Text(FormattableString.Invariant($"bit {leg.Region}")),
                new Text(leg.Path),
                Picture(console, leg, (int)(report.BytesPerLeg / report.PieceBytes)),
                Words(leg));
        }

        Rows rows = new(
            table,
            Text.Empty,
            Markup.FromInterpolated(CultureInfo.InvariantCulture, $"Failed = [bold]{report.Failed}[/]   {Sentence(report)}"));
        string title = $" {Quantity.Bytes(report.BytesPerLeg)} to each of three {Noun(report)} at once, {report.Depth} writes of {Quantity.Bytes(report.PieceBytes)} under way ";
        console.Write(new Panel(rows).RoundedBorder().Header(title.EscapeMarkup()));
    }

    private static string Noun(DemoReport report) => report.WhyNoLoopDevices is null ? "loop devices" : "files";

    private static string Sentence(DemoReport report)
    {
        double rate = report.BytesPerLeg / report.WriteSeconds;
        string time = string.Create(CultureInfo.InvariantCulture, $"written in {report.WriteSeconds:0.00} s ({Quantity.Rate(rate)} to each)");
        return $"{time}; the middle leg was cut at sector {Quantity.Number(report.ExpectedFirstBadSector)}";
    }

    private static Markup Picture(IAnsiConsole console, DemoLegReport leg, int pieces)
    {
        (string good, string bad) = console.Profile.Capabilities.Unicode ? ("█", "╳") : ("#", "x");
        System.Text.StringBuilder markup = new();
        for (int cell = 0; cell < LegCells; cell++)
        {
            int first = cell * pieces / LegCells;
            int end = Math.Max(first + 1, (cell + 1) * pieces / LegCells);
            bool failed = leg.FailedPieces.Any(piece => piece >= first && piece < end);
            markup.Append(failed ? $"[red]{bad}[/]" : $"[green]{good}[/]");
        }

        return new Markup(markup.ToString());
    }

    private static IRenderable Words(DemoLegReport leg)
    {
        string verified = $"{Quantity.Bytes(leg.VerifiedBytes)} read back, {(leg.IsIntact ? "all right" : "NOT what was written")}";
        return leg.Errno is null && leg.FailedPieces.Count == 0
            ? new Text(verified, leg.IsIntact ? Color.Green : Color.Red)
            : new Rows(
                Markup.FromInterpolated(CultureInfo.InvariantCulture, $"[red]{leg.Errno ?? "failed"} from sector {Quantity.Number(leg.FirstBadSector ?? -1)} on[/]"),
                new Text(verified, leg.IsIntact ? Color.Green : Color.Red));
    }

    private static void ShowLatency(IAnsiConsole console, DemoReport report)
    {
        double longest = report.Latency.Max(method => method.P99Microseconds);
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
                Bar(console, method.P50Microseconds / longest, method.P99Microseconds / longest, method.Method));
        }

        console.Write(table);
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"[grey]medians of {report.Rounds} alternating rounds of {report.LatencyWritesPerRound} writes; {IoKind(report)}; the bar's solid part is p50[/]"));
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
                Bar(console, method.BytesPerSecond / fastest, method.BytesPerSecond / fastest, method.Method));
        }

        console.Write(table);
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"[grey]medians of {report.Rounds} alternating rounds of {Quantity.Bytes(report.ThroughputBytesPerRound)} to each leg; {IoKind(report)}[/]"));
    }

    private static string IoKind(DemoReport report) => report.IsDirect ? "the same O_DIRECT descriptors" : "through the page cache: the file system has no direct I/O";

    private static Table Comparison(string title) =>
        new Table().Border(TableBorder.Rounded).Title(title.EscapeMarkup()).AddColumn(new TableColumn("").NoWrap());

    private static Text Name(string method) => new(method, IsPeer(method) ? Style.Plain : new Style(decoration: Decoration.Bold));

    private static bool IsPeer(string method) => string.Equals(method, DemoMeasurement.Peer, StringComparison.Ordinal);

    private static Markup Bar(IAnsiConsole console, double solid, double whole, string method)
    {
        (char full, char light) = console.Profile.Capabilities.Unicode ? ('█', '░') : ('#', '.');
        int solidCells = Math.Max(1, (int)Math.Round(solid * BarCells));
        int wholeCells = Math.Max(solidCells, (int)Math.Round(whole * BarCells));
        string bar = new string(full, solidCells) + new string(light, wholeCells - solidCells);
        return new Markup(bar.PadRight(BarCells), IsPeer(method) ? Color.Grey : Color.Aqua);
    }
}
