using System.Globalization;
using DmIoUring.Cli.Commands;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace DmIoUring.Cli.Bench;

/// <summary>A run as a person sees it.</summary>
internal static class BenchView
{
    private const int BarWidth = 40;

    /// <summary>Seldom, and only reads counters: what shows the run must not be part of it.</summary>
    private static readonly TimeSpan Frame = TimeSpan.FromSeconds(1);

    public static Task ShowProgressAsync(IAnsiConsole console, BenchMeasurement measurement, Task task) => console
        .Live(Text.Empty)
        .AutoClear(enabled: true)
        .StartAsync(async context =>
        {
            (long operations, TimeSpan time) before = default;
            while (!task.IsCompleted)
            {
                (long operations, TimeSpan time) now = (measurement.Operations, measurement.Run.Measured);
                double rate = (now.operations - before.operations) / Math.Max((now.time - before.time).TotalSeconds, 0.001);
                context.UpdateTarget(new Text(Progress(measurement.Run, now.time, rate)));
                context.Refresh();
                before = now;
                await Task.WhenAny(task, Task.Delay(Frame));
            }
        });

    public static void Show(IAnsiConsole console, BenchReport report) => Show(console, report, Headline(report));

    public static void Show(IAnsiConsole console, BenchReport report, string headline)
    {
        if (report.Operations is not { } operations)
            return;
        BenchRequest settings = report.Settings;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{headline}[/]");
        foreach (BenchDeviceReport device in report.Devices!.Where(device => !device.IsDirect))
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]{Printable.Of(device.Path)}: its file system has no direct I/O; this measures the page cache[/]");
        if (report.WhyNotFixed is { } reason)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]Not registered:[/] {Printable.Of(reason)}");
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        Row(grid, "IOPS", string.Create(CultureInfo.InvariantCulture, $"{report.Iops:#,0}  ({Quantity.Number(operations)} in {report.Seconds:0.00} s)"));
        if (settings.Rate is { } asked)
            Row(grid, "rate", Reached(asked, report.Iops ?? 0));
        Row(grid, "bandwidth", Quantity.Rate(report.BwBytes!.Value) + (settings is { Paths.Count: > 1, PerDevice: false } ? " to each leg" : ""));
        if (report.LatNs is { } latency)
        {
            Row(grid, "latency", $"mean {Time(latency.Mean)}  p50 {Time(latency.P50)}  p99 {Time(latency.P99)}  p99.9 {Time(latency.P999)}  max {Time(latency.Max)}");
        }

        if (report.CpuNsPerOp is { } cpu)
            Row(grid, "processor", string.Create(CultureInfo.InvariantCulture, $"{cpu:#,0} ns an operation, all threads of this process, user and system"));
        if (report.AllocatedBytesPerOp is { } allocated)
            Row(grid, "allocated", string.Create(CultureInfo.InvariantCulture, $"{allocated:0.###} bytes an operation"));
        if (report.IosPerEnter is { } entries)
            Row(grid, "io_uring_enter", string.Create(CultureInfo.InvariantCulture, $"{entries:0.0} entries a call"));
        if (report.WorkerEntries is { } workers)
            Row(grid, "kernel workers", $"took {Quantity.Number(workers)} of the entries");
        if (report.InlineTransfers is { } inline)
            Row(grid, "inline", $"{Quantity.Number(inline)} transfers by system calls of the engine's own");
        if (report.DeviceWaits is { } waits)
            Row(grid, "device full", $"{Quantity.Number(waits)} times a request waited for its device to have room");
        if (report.GarbageBytesPerSecond is { } rate)
            Row(grid, "garbage", Quantity.Rate(rate) + ", allocated by another thread");
        if (report.Gc is { Gen0: > 0 } gc)
            Row(grid, "collections", $"{gc.Gen0} (generation 1: {gc.Gen1}, 2: {gc.Gen2}), every thread stopped for {Time(gc.PauseNs)} in all");
        console.Write(grid);
        if (settings.PerDevice)
            ShowDevices(console, report.Devices!);
        if (report.LatNs is { } times)
            ShowHistogram(console, times);
        if (report.Outcome == CommandOutcome.Interrupted)
            console.MarkupLine("[yellow]Interrupted:[/] measured until then.");
    }

    private static string Progress(BenchRun run, TimeSpan measured, double rate) => run.Phase == BenchPhase.WarmUp
        ? "warming up"
        : string.Create(CultureInfo.InvariantCulture,
            $"{measured.TotalSeconds:0} of {run.Request.RuntimeSeconds:0} s, {rate:#,0} IOPS, {Quantity.Rate(rate * run.Request.BlockBytes)}");

    /// <summary>A rate that was not reached is the first thing to know about the times.</summary>
    private static string Reached(long asked, double iops) => string.Create(
        CultureInfo.InvariantCulture,
        $"{asked:#,0} a second asked for, {100 * iops / asked:0.0} % reached; times count from when a request was due");

    private static string Headline(BenchReport report)
    {
        BenchRequest settings = report.Settings;
        string driver = WordOption.Word(settings.Driver);
        if (settings.Completion is { } completion)
            driver += ", " + (settings.Submit == BenchSubmit.Thread ? "submitted by threads" : WordOption.Word(completion));
        string jobs = settings.Jobs > 1 ? $", {settings.Jobs} jobs" : "";
        string each = settings.PerDevice ? " on each" : "";
        string durable = settings.Durable ? " durable" : "";
        string mix = settings.ReadPercent is { } percent ? string.Create(CultureInfo.InvariantCulture, $" ({percent} % reads)") : "";
        string rate = settings.Rate is { } perSecond ? string.Create(CultureInfo.InvariantCulture, $", {perSecond:#,0} a second") : "";
        string carrier = settings.Driver == BenchDriver.Sync ? "" : " on " + report.Ring;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{WordOption.Word(settings.Pattern)}{durable}{mix} {Printable.Of(string.Join(", ", settings.Paths))}: {Quantity.Bytes(settings.BlockBytes)}, depth {settings.Depth}{jobs}{each}{rate}, {driver}{carrier}");
    }

    /// <summary>One line a device: whether a slow one holds up a fast one.</summary>
    private static void ShowDevices(IAnsiConsole console, IEnumerable<BenchDeviceReport> devices)
    {
        Table table = new Table().Border(TableBorder.None).AddColumn(new TableColumn("device"));
        foreach (string heading in (ReadOnlySpan<string>)["IOPS", "mean", "p50", "p99", "p99.9", "max"])
            table.AddColumn(new TableColumn(heading).RightAligned().NoWrap());
        foreach (BenchDeviceReport device in devices)
        {
            string[] times = device.LatNs is { } latency
                ? [Time(latency.Mean), Time(latency.P50), Time(latency.P99), Time(latency.P999), Time(latency.Max)]
                : ["", "", "", "", ""];
            string iops = string.Create(CultureInfo.InvariantCulture, $"{device.Iops:#,0}");
            table.AddRow([new Text(Printable.Of(device.Path)), .. new[] { iops }.Concat(times).Select(static text => new Text(text))]);
        }

        console.Write(table);
    }

    private static void ShowHistogram(IAnsiConsole console, BenchLatency latency)
    {
        IReadOnlyList<LatencyBucket> buckets = LatencyBuckets.Of(latency.Histogram);
        long most = buckets.Max(bucket => bucket.Count);
        double total = latency.Histogram.TotalCount;
        Table table = new Table().Border(TableBorder.None).AddColumns(
            new TableColumn("latency below").RightAligned().NoWrap(),
            new TableColumn("").NoWrap(),
            new TableColumn("percent").RightAligned().NoWrap(),
            new TableColumn("cumulative").RightAligned().NoWrap());
        bool unicode = console.Profile.Capabilities.Unicode;
        long sum = 0;
        foreach (LatencyBucket bucket in buckets)
        {
            sum += bucket.Count;
            table.AddRow(
                new Text(Time(bucket.To)),
                new Text(Bar((double)bucket.Count / most, unicode).PadRight(BarWidth), Color.Blue),
                new Text(Percent(bucket.Count, total)),
                new Text(Percent(sum, total)));
        }

        console.Write(table);
    }

    /// <summary>To an eighth of a character; something for everything that is not nothing.</summary>
    private static string Bar(double share, bool unicode)
    {
        int eighths = share > 0 ? Math.Max(1, (int)Math.Round(share * BarWidth * 8)) : 0;
        if (!unicode)
            return new string('#', (eighths + 7) / 8);
        string bar = new('█', eighths / 8);
        return eighths % 8 == 0 ? bar : bar + (char)('▉' + 7 - (eighths % 8));
    }

    /// <summary>As many digits as tell a rare one from none, and from all.</summary>
    private static string Percent(long count, double total)
    {
        double percent = 100 * count / total;
        string format = percent is 0 or 100 or (>= 0.1 and <= 99.9) ? "0.0" : "0.0000";
        return percent.ToString(format, CultureInfo.InvariantCulture) + " %";
    }

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1e3 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:0} ns"),
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:0.##} µs"),
        < 1e9 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.##} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:0.##} s"),
    };

    private static void Row(Grid grid, string name, string value) =>
        grid.AddRow(new IRenderable[] { new Text(name, Color.Grey), new Text(value) });
}
