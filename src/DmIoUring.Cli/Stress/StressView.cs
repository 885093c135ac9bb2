using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DmIoUring.Cli.Stress;

/// <summary>A run as a person sees it.</summary>
internal static class StressView
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(250);

    public static Task ShowProgressAsync(IAnsiConsole console, StressPlan plan, StressProgress progress, StressJob job, Task task) => console
        .Live(Text.Empty)
        .AutoClear(enabled: true)
        .StartAsync(async context =>
        {
            long before = 0;
            TimeSpan then = job.Elapsed;
            while (!task.IsCompleted)
            {
                long total = progress.Total;
                TimeSpan now = job.Elapsed;
                double rate = (total - before) / Math.Max((now - then).TotalSeconds, 0.001);
                context.UpdateTarget(Picture(plan, progress, now, rate));
                (before, then) = (total, now);
                await Task.WhenAny(task, Task.Delay(Frame));
            }
        });

    public static void Show(Terminal terminal, StressReport report)
    {
        if (report.Counts is not { } counts)
            return;
        IAnsiConsole console = terminal.Output;
        if (report.WhyNoLoopDevices is { } reason)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]Plain files instead of loop devices:[/] {Printable.Of(reason)}");
        if (report.WhyNoFaultyMedium is { } lack)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]No bad sectors, stuck requests or power cuts:[/] {Printable.Of(lack)}");
        Table table = new Table().Rounded(console).AddColumns("leg", "device", "used", "block");
        for (int leg = 0; leg < report.Devices!.Count; leg++)
        {
            StressDeviceReport device = report.Devices[leg];
            table.AddRow(
                new Text(leg.ToString(CultureInfo.InvariantCulture)),
                new Text(Printable.Of(device.MadeAs is null ? device.Path : $"{device.Path} ({device.MadeAs})")),
                new Text(Quantity.Bytes(device.Bytes)),
                new Text(device.LogicalBlockSize.ToString(CultureInfo.InvariantCulture)));
        }

        console.Write(table);
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        Rows(grid, counts);
        console.Write(grid);
        if (report.Finding is { } finding)
            Show(console, finding);
        ShowVerdict(console, report);
        terminal.WriteLine("The same operations again: " + report.CommandLine);
    }

    private static Rows Picture(StressPlan plan, StressProgress progress, TimeSpan elapsed, double rate)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        string phase = progress.ReadBackBytes > 0 ? "reading back" : progress.Total == 0 ? "writing every sector once" : "working";
        Row(grid, phase, string.Create(CultureInfo.InvariantCulture,
            $"{elapsed:hh\\:mm\\:ss} of {plan.Request.Time:hh\\:mm\\:ss}, {Quantity.Number((long)rate)} operations/s, seed {plan.Seed}"));
        Rows(grid, StressCounts.Of(progress));
        return new Rows(grid);
    }

    private static void Rows(Grid grid, StressCounts counts)
    {
        Row(grid, "operations", FormattableString.Invariant(
            $"{counts.Operations:#,0}: {counts.Reads:#,0} reads, {counts.Writes:#,0} writes, {counts.WriteZeroes:#,0} zeroes, {counts.Discards:#,0} discards, {counts.Flushes:#,0} flushes"));
        Row(grid, "beside them", FormattableString.Invariant(
            $"{counts.Reservations:#,0} reservations, {counts.RenewedClients:#,0} clients ended and made anew; {counts.LeftOut:#,0} left out, their blocks were in use"));
        Row(grid, "not done", FormattableString.Invariant(
            $"{counts.Cancelled:#,0} cancelled, {counts.TimedOut:#,0} out of time, {counts.FailedAsExpected:#,0} failed as they must; {counts.Faults:#,0} faults"));
        Row(grid, "bytes", $"{Quantity.Bytes(counts.WrittenBytes)} written, {Quantity.Bytes(counts.VerifiedBytes)} verified");
    }

    private static void Show(IAnsiConsole console, Finding finding)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        Row(grid, "what", Printable.Of(finding.Message));
        Row(grid, "when", string.Create(CultureInfo.InvariantCulture, $"{finding.Seconds:0.000} s after the start"));
        if (finding.Sector is { } sector)
            Row(grid, "where", string.Create(CultureInfo.InvariantCulture, $"{Printable.Of(finding.Path ?? "")} sector {sector}{(finding.ByteInSector is { } at ? $", byte {at}" : "")}"));
        Row(grid, "expected", finding.Expected is null ? null : string.Join(" or ", finding.Expected));
        Row(grid, "", finding.ExpectedBytes);
        Row(grid, "found", finding.Found);
        Row(grid, "", finding.FoundBytes);
        Row(grid, "read again", finding.ReadAgain);
        Row(grid, "found by", Printable.Of(finding.Operation ?? ""));
        Row(grid, "before", finding.History is null ? null : string.Join('\n', finding.History.Select(Printable.Of)));
        console.Write(new Panel(grid).Rounded(console).BorderColor(Color.Red).Header("[red bold] wrong [/]"));
    }

    private static void ShowVerdict(IAnsiConsole console, StressReport report)
    {
        string verdict = report.Outcome switch
        {
            StressOutcome.Clean => "[green]Clean:[/] every byte that was read was right, and every bit",
            StressOutcome.Interrupted => "[yellow]Interrupted;[/] until then every byte that was read was right, and every bit",
            _ => "[red]Not clean:[/] the first thing that was wrong is above",
        };
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"{verdict}; {report.Seconds:0.0} s of work."));
    }

    private static void Row(Grid grid, string name, string? value)
    {
        if (value is not null)
            grid.AddRow(new IRenderable[] { new Text(name, Color.Grey), new Text(value) });
    }
}
