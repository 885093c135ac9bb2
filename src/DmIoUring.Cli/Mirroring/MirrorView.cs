using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DmIoUring.Cli.Mirroring;

/// <summary>A mirror, and what was done with it, as a person sees it.</summary>
internal static class MirrorView
{
    private const int LeastForTable = 72;
    private const int LeastForBar = 72;
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);

    public static Task ShowProgressAsync(IAnsiConsole console, MirrorProgress progress, Task job)
    {
        List<ProgressColumn> columns = [new TaskDescriptionColumn(), new PercentageColumn(), new TransferSpeedColumn(), new RemainingTimeColumn()];
        if (console.Profile.Width >= LeastForBar)
            columns.Insert(1, new ProgressBarColumn { Width = null });
        return console.Progress().AutoClear(enabled: true).Columns([.. columns]).StartAsync(async context =>
        {
            ProgressTask? resync = null;
            while (!job.IsCompleted)
            {
                if (progress.Regions > 0)
                {
                    resync ??= context.AddTask("resync", maxValue: progress.Regions * progress.RegionBytes);
                    resync.Value = progress.DoneRegions * progress.RegionBytes;
                }

                await Task.WhenAny(job, Task.Delay(Frame));
            }
        });
    }

    public static void Show(Terminal terminal, MirrorReport report)
    {
        IAnsiConsole console = terminal.Output;
        if (report.Legs is { } legs)
        {
            bool isWide = console.Profile.Width >= LeastForTable;
            ShowMirror(console, report, isWide);
            if (isWide)
                ShowTable(console, report, legs);
            else
                ShowList(console, report, legs);
            foreach (MirrorLegReport leg in legs.Where(static leg => leg.Reason is not null))
                Line(console, $"leg {leg.Index}: {leg.Reason}");
        }

        if (report.Failure is { } failure)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]failed:[/] {Printable.Of(failure)}");
        ShowResync(console, report);
        ShowNext(console, report);
    }

    private static void ShowMirror(IAnsiConsole console, MirrorReport report, bool isWide)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        if (isWide)
            Row(grid, "mirror", new Text(report.Id.ToString()!));
        else
            console.WriteLine(report.Id.ToString()!);
        Row(grid, "state", State(report.State));
        Row(grid, "size", new Text(Quantity.Exact(report.Bytes!.Value)));
        Row(grid, "regions", new Text($"{Quantity.Number(report.Regions!.Value)} of {Quantity.Bytes(report.RegionBytes!.Value)}, {Quantity.Number(report.DirtyRegions!.Value)} dirty"));
        Row(grid, "checksums", new Text(report.HasChecksums == true ? "of every 4 KiB" : "none"));
        Row(grid, "changes", new Text(Quantity.Number(report.Changes!.Value)));
        console.Write(grid);
    }

    private static void ShowTable(IAnsiConsole console, MirrorReport report, IReadOnlyList<MirrorLegReport> legs)
    {
        Table table = new Table().Rounded(console).AddColumn("leg").AddColumn("device")
            .AddColumn(new TableColumn("state").NoWrap()).AddColumn(new TableColumn("to copy").NoWrap()).AddColumn(new TableColumn("change").NoWrap());
        foreach (MirrorLegReport leg in legs)
            table.AddRow(Number(leg.Index), new Text(Device(leg)), Condition(leg), new Text(ToCopy(report, leg)), new Text(Change(leg)));
        console.Write(table);
    }

    private static void ShowList(IAnsiConsole console, MirrorReport report, IReadOnlyList<MirrorLegReport> legs)
    {
        foreach (MirrorLegReport leg in legs)
        {
            Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
            Row(grid, "leg", Number(leg.Index));
            Row(grid, "device", new Text(Device(leg)));
            Row(grid, "state", Condition(leg));
            Row(grid, "to copy", new Text(ToCopy(report, leg)));
            Row(grid, "change", new Text(Change(leg)));
            console.WriteLine();
            console.Write(grid);
        }
    }

    private static void ShowResync(IAnsiConsole console, MirrorReport report)
    {
        if (report.Resync is not { } resync)
            return;
        string copied = $"{Quantity.Count(resync.CopiedRegions, "region")} ({Quantity.Bytes(resync.CopiedBytes)}) copied in {resync.Seconds.ToString("0.00", CultureInfo.InvariantCulture)} s, {Quantity.Rate(resync.BytesPerSecond)}";
        if (report.Outcome == CommandOutcome.Interrupted)
            Line(console, $"interrupted: {copied}, of {Quantity.Number(resync.Regions)}; the legs stay out of sync");
        else
            Line(console, $"{(resync.IsComplete ? "resynchronized" : "not resynchronized")}: {copied}");
        if (resync.UnreadableSector is { } sector)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]sector {sector} could be read from no leg in sync:[/] its data is lost; when it was written again, resynchronize again");
    }

    /// <summary>What is to be done now.</summary>
    private static void ShowNext(IAnsiConsole console, MirrorReport report)
    {
        if (report.Legs is not { } legs || report.State == MirrorHealth.Unusable)
            return;
        if (report.State == MirrorHealth.InSync && report.Action == MirrorAction.Resync && report.Resync is null)
            Line(console, "Nothing was to be resynchronized.");
        bool needsResync = legs.Any(static leg => leg.State == MirrorLegCondition.OutOfSync || leg.State == MirrorLegCondition.InSync && leg.RegionsToCopy > 0);
        if (needsResync)
            Line(console, "Next: dmio mirror resync LEG...");
        if (legs.FirstOrDefault(static leg => leg.State == MirrorLegCondition.Missing) is { } missing)
            Line(console, $"Next: name leg {missing.Index} too, or dmio mirror replace --leg {missing.Index} --with NEW LEG...");
    }

    private static Text State(MirrorHealth? state) => state switch
    {
        MirrorHealth.InSync => new Text("in sync", Color.Green),
        MirrorHealth.Degraded => new Text("degraded", Color.Yellow),
        _ => new Text("unusable", Color.Red),
    };

    private static Text Condition(MirrorLegReport leg) => leg.State switch
    {
        MirrorLegCondition.InSync => new Text("in sync", Color.Green),
        MirrorLegCondition.OutOfSync => new Text(leg.NeedsFullResync ? "out of sync (full)" : "out of sync (partial)", Color.Yellow),
        MirrorLegCondition.Missing => new Text("missing", Color.Red),
    };

    private static Text Number(int index) => new(index.ToString(CultureInfo.InvariantCulture));

    private static string Device(MirrorLegReport leg) => leg.Path is null ? "-" : Printable.Of(leg.Path) + (leg.IsCreated ? " (created)" : "");

    private static string ToCopy(MirrorReport report, MirrorLegReport leg) =>
        leg.RegionsToCopy == 0 ? "-" : Quantity.Bytes(Math.Min(leg.RegionsToCopy * report.RegionBytes!.Value, report.Bytes!.Value));

    private static string Change(MirrorLegReport leg) => leg.Changes is { } changes ? Quantity.Number(changes) : "-";

    private static void Line(IAnsiConsole console, FormattableString text) => Line(console, text.ToString(CultureInfo.InvariantCulture));

    private static void Line(IAnsiConsole console, string text) => console.Write(new Rows(new Text(Printable.Of(text))));

    private static void Row(Grid grid, string name, IRenderable value) => grid.AddRow(new Text(name, Color.Grey), value);
}
