using System.Globalization;
using Spectre.Console;

namespace DmIoUring.Cli.Info;

/// <summary>Devices and ring as a person sees them.</summary>
internal static class InfoView
{
    private const int LeastForBoxes = 72;

    public static void Show(Terminal terminal, InfoReport report)
    {
        foreach (DeviceInfo device in report.Devices)
            Show(terminal.Output, device);
        ShowRing(terminal.Output, report);
    }

    private static void Show(IAnsiConsole console, DeviceInfo device)
    {
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        Row(grid, "size", $"{Quantity.Exact(device.Bytes)}, {Quantity.Count(device.Sectors, "sector")} of 512 bytes");
        Row(grid, "blocks", $"logical {device.LogicalBlockSize}, physical {device.PhysicalBlockSize} bytes");
        Row(grid, "alignment", $"memory {device.MemoryAlignment}, offset {device.OffsetAlignment}, pieces {device.SegmentAlignment} bytes (from: {device.AlignmentSource})");
        Row(grid, "direct I/O", device.IsDirect ? "yes" : "no: the file system has none; through the page cache");
        Row(grid, "access", device.IsReadOnly ? "read-only" : "reads and writes");
        Row(grid, "flush", device.HasVolatileCache switch
        {
            true => "needed: a volatile cache",
            false => "not needed: no volatile cache",
            null => "not told",
        });
        Row(grid, "FUA", device.HasFua switch
        {
            true => "the device itself",
            false => "no: the kernel writes, then flushes",
            null => "not told",
        });
        Row(grid, "discard", Limit(device.MaxDiscardBytes) + device.HasRingDiscards switch
        {
            true => ", by io_uring",
            false when device.IsNvmeNamespace => ", on worker threads only: this kernel's io_uring carries no NVMe commands",
            false => ", by ioctl: this kernel's io_uring has none for block devices",
            null => "",
        });
        Row(grid, "write zeroes", Limit(device.MaxWriteZeroesBytes));
        if (device.ZoneSectors > 0)
            Row(grid, "zones", Zones(device));
        Row(grid, "polled queues", device.HasPolledQueues switch
        {
            true => "yes: IoCompletionPolling works",
            false => "no: it interrupts",
            null => "not told",
        });
        Row(grid, "transfers", (device.NeedsWorkers, device.IsInline) switch
        {
            (_, true) => "by system calls up to 64 KiB: the driver refuses non-blocking I/O, and completes each within the call; longer ones by workers",
            (true, _) => "by worker threads of the kernel: the driver or file system refuses non-blocking I/O, or blocks all the same",
            _ => "by io_uring itself",
        });
        Row(grid, "queue depth", device.QueueDepth?.ToString(CultureInfo.InvariantCulture) ?? "no limit told");
        Row(grid, "told by", device.AbilitiesSource);
        if (!IsNarrow(console))
        {
            console.Write(new Panel(grid).Rounded(console).Header($"[bold]{Printable.Of(device.Path).EscapeMarkup()}[/] {Kind(device)}"));
            return;
        }

        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{Printable.Of(device.Path)}[/] {Kind(device)}");
        console.Write(grid);
        console.WriteLine();
    }

    private static void ShowRing(IAnsiConsole console, InfoReport report)
    {
        if (report.Ring is not { } ring)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]no io_uring:[/] {Printable.Of(report.RingUnavailable ?? "")}");
            return;
        }

        string title = $"{ring.Ring} on Linux {ring.KernelRelease}";
        if (IsNarrow(console))
        {
            Grid list = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
            foreach (IoFeature feature in ring.Features)
                list.AddRow(Here(feature), new Rows(new Text(feature.Name), new Text(feature.Reason, Color.Grey)));
            console.WriteLine(title);
            console.Write(list);
            return;
        }

        Table table = new Table()
            .Rounded(console)
            .Title(new TableTitle(title.EscapeMarkup()))
            .AddColumn(new TableColumn("feature").NoWrap())
            .AddColumns("here", "why");
        foreach (IoFeature feature in ring.Features)
        {
            table.AddRow(
                new Text(feature.Name),
                Here(feature),
                new Text(feature.Reason));
        }

        console.Write(table);
    }

    /// <summary>So narrow that columns side by side would cut words.</summary>
    private static bool IsNarrow(IAnsiConsole console) => console.Profile.Width < LeastForBoxes;

    private static Text Here(IoFeature feature) => new(feature.IsAvailable ? "yes" : "no", feature.IsAvailable ? Color.Green : Color.Yellow);

    private static string Zones(DeviceInfo device)
    {
        string order = device.SequentialFrom is { } from
            ? string.Create(CultureInfo.InvariantCulture, $"from sector {from} on written in order only, one piece at a time")
            : "written as it comes";
        return $"{device.ZoneModel ?? "zoned"}, {Quantity.Count(device.ZoneSectors, "sector")} each; {order}";
    }

    private static string Kind(DeviceInfo device) =>
        device.IsBlockDevice ? "block device" : device.IsNvmeNamespace ? "NVMe namespace, by pass-through" : "regular file";

    private static string Limit(long? bytes) => bytes switch
    {
        null => "not told",
        0 => "no",
        { } most => "up to " + Quantity.Bytes(most) + " at once",
    };

    private static void Row(Grid grid, string name, string value) => grid.AddRow(new Text(name, Color.Grey), new Text(value));
}
