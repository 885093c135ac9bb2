using System.Globalization;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring;

/// <summary>A device's abilities beyond reads and writes, as the kernel's block layer reports them (Documentation/ABI/stable/sysfs-block).</summary>
public sealed record DeviceAbilities
{
    /// <summary>Whether a completed write may sit in the device's volatile cache until a flush; <see langword="null"/> when not reported.</summary>
    public required bool? HasVolatileCache { get; init; }

    /// <summary>Whether the device itself can write through its cache (FUA); otherwise the kernel writes, then flushes.</summary>
    public required bool? HasFua { get; init; }

    /// <summary>The most bytes that one discard may cover; 0 when the device has no discard, <see langword="null"/> when not reported.</summary>
    public required long? MaxDiscardBytes { get; init; }

    /// <summary>
    /// Whether io_uring supports the device's discards (6.12); otherwise a thread of the library uses an ioctl. <see langword="null"/> for a
    /// file, for a device without discards, and where there is no io_uring. For an NVMe namespace, whether io_uring supports its commands (5.19).
    /// </summary>
    public required bool? HasRingDiscards { get; init; }

    /// <summary>The most bytes that one write-zeroes may cover; 0 when the device has none, <see langword="null"/> when not reported.</summary>
    public required long? MaxWriteZeroesBytes { get; init; }

    /// <summary>Whether completions can be polled for (<see cref="IoDriverOptions.CompletionPolling"/>); <see langword="null"/> when not reported.</summary>
    public required bool? HasPolledQueues { get; init; }

    /// <summary>
    /// Whether io_uring needs a worker thread of the kernel for each transfer, because the driver or the file system refuses I/O that must not block
    /// (FMODE_NOWAIT; 6.5), or may block all the same (nbd).
    /// </summary>
    public required bool NeedsWorkers { get; init; }

    /// <summary>
    /// Whether transfers of regions of up to 64 KiB are made by the submitting lane or reactor itself, by system calls: the device refuses non-blocking I/O
    /// and completes each within the call (zram). <see cref="IoStatistics.InlineTransfers"/> counts them.
    /// </summary>
    public required bool IsInline { get; init; }

    /// <summary>How many transfers the device's queues take at once; more wait in their lane or reactor. <see langword="null"/> where there is no such limit, or it is not reported.</summary>
    public required int? QueueDepth { get; init; }

    /// <summary>
    /// <c>none</c>, <c>host-aware</c> or <c>host-managed</c>: whether the device has zones, and whether some of them must be written in order
    /// (<see cref="BlockDevice.SequentialFrom"/>); <see langword="null"/> when not reported.
    /// </summary>
    public required string? ZoneModel { get; init; }

    /// <summary>The physical block size of the medium, in bytes.</summary>
    public required int PhysicalBlockSize { get; init; }

    /// <summary>The source of these values, or why they could not be read.</summary>
    public required string Source { get; init; }

    internal static DeviceAbilities Of(DeviceGeometry geometry, int descriptor)
    {
        if (geometry.Namespace is { } commands)
            return Of(commands, geometry.PhysicalBlockSize);
        string queue = QueueOf(geometry.Major, geometry.Minor);
        bool known = Directory.Exists(queue);
        string? cache = Line(queue, "write_cache");
        long? discard = Number(queue, "discard_max_bytes");
        return new DeviceAbilities
        {
            HasVolatileCache = cache is null ? null : cache is "write back",
            HasFua = Number(queue, "fua") is { } fua ? fua != 0 : null,
            MaxDiscardBytes = discard,
            HasRingDiscards = geometry.IsBlockDevice && discard > 0 ? DiscardProbe.Run(descriptor) : null,
            MaxWriteZeroesBytes = Number(queue, "write_zeroes_max_bytes"),
            HasPolledQueues = Number(queue, "io_poll") is { } polls ? polls != 0 : null,
            NeedsWorkers = geometry.NeedsWorkers,
            IsInline = geometry.CompletesInCall,
            QueueDepth = geometry.QueueDepth < int.MaxValue / 2 ? geometry.QueueDepth : null,
            ZoneModel = Line(queue, "zoned"),
            PhysicalBlockSize = geometry.PhysicalBlockSize,
            Source = known
                ? geometry.IsBlockDevice ? queue : queue + " (the device that the file lives on)"
                : "not told: the file lives on no block device, or sysfs is not mounted",
        };
    }

    /// <summary>What sysfs says of a block device's volatile cache.</summary>
    internal static VolatileCache CacheOf(uint major, uint minor)
    {
        try
        {
            string queue = QueueOf(major, minor);
            return (Line(queue, "write_cache"), Number(queue, "fua")) switch
            {
                ("write through", _) => VolatileCache.None,
                ("write back", 0) => VolatileCache.WithoutFua,
                ("write back", not null) => VolatileCache.WithFua,
                _ => VolatileCache.Unknown,
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // FUA on every piece, after which the kernel flushes where it has to: as durable.
            return VolatileCache.Unknown;
        }
    }

    /// <summary>
    /// How many requests a device's queues take at once: so many tags has each (blk_mq_update_nr_requests, block/blk-mq.c). Int32.MaxValue / 2 for a device without
    /// such queues (zram, brd, device-mapper: they take what comes), and where sysfs does not say.
    /// </summary>
    internal static int QueueDepthOf(uint major, uint minor)
    {
        const int none = int.MaxValue / 2;
        try
        {
            string queue = QueueOf(major, minor);
            string queues = Path.Combine(Path.GetDirectoryName(queue)!, "mq");
            if (!Directory.Exists(queues) || Number(queue, "nr_requests") is not (> 0 and < none and var requests))
                return none;
            return (int)Math.Min(requests * Math.Max(1, Directory.GetDirectories(queues).Length), none);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return none;
        }
    }

    private static string QueueOf(uint major, uint minor)
    {
        string device = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{major}:{minor}");

        // A file system without a block device has a number that sysfs does not list.
        string node = Directory.Exists(device)
            ? Directory.ResolveLinkTarget(device, returnFinalTarget: true)?.FullName ?? device
            : device;

        // A partition has no queue directory; its disk's is one level up.
        return Path.Combine(File.Exists(Path.Combine(node, "partition")) ? Path.GetDirectoryName(node)! : node, "queue");
    }

    private static DeviceAbilities Of(NvmeNamespace commands, int physicalBlockSize) => new()
    {
        HasVolatileCache = commands.HasVolatileCache,
        HasFua = true,
        MaxDiscardBytes = commands.MaxDiscardBytes,
        HasRingDiscards = commands.MaxDiscardBytes == 0 ? null : CommandRing.Probe() switch
        {
            0 => true,
            -Errno.EINVAL => false,
            _ => null,
        },
        ZoneModel = "none",
        MaxWriteZeroesBytes = commands.MaxZeroesBytes,
        HasPolledQueues = false,
        NeedsWorkers = false,
        IsInline = false,
        QueueDepth = null,
        PhysicalBlockSize = physicalBlockSize,
        Source = "the drive: Identify Controller, Identify Namespace",
    };

    private static string? Line(string queue, string name)
    {
        string path = Path.Combine(queue, name);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    private static long? Number(string queue, string name) =>
        long.TryParse(Line(queue, name), NumberStyles.Integer, CultureInfo.InvariantCulture, out long value) ? value : null;
}
