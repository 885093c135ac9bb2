using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Info;

/// <summary>Asks the kernel about devices and about itself; writes nothing anywhere.</summary>
internal static class InfoProbe
{
    public static InfoReport Run(IEnumerable<string> paths)
    {
        List<DeviceInfo> devices = [];
        List<Refusal> refusals = [];
        foreach (string path in paths)
        {
            try
            {
                devices.Add(Look(path));
            }
            catch (RefusedException exception)
            {
                refusals.Add(exception.Refusal);
            }
        }

        try
        {
            return new InfoReport(devices, refusals, IoCapabilities.Probe(), RingUnavailable: null);
        }
        catch (IoUringUnavailableException exception)
        {
            return new InfoReport(devices, refusals, Ring: null, exception.Message);
        }
    }

    private static DeviceInfo Look(string path)
    {
        PathFacts facts = PathFacts.Of(path);
        if (facts.Kind == PathKind.Missing)
            throw new RefusedException(path, "does not exist", "Name a block device or a regular file.");
        if (!facts.CanHoldData && facts.Kind != PathKind.NvmeNamespace)
            throw new RefusedException(path, $"is {facts.KindInWords}", "Name a block device or a regular file.");

        using DeviceFile file = DeviceOpener.Open(facts, DeviceAccess.Read, exclusive: false);
        BlockDevice device = file.Device;
        DeviceAbilities abilities = device.ReadAbilities();
        return new DeviceInfo
        {
            Path = path,
            IsBlockDevice = device.IsBlockDevice,
            IsNvmeNamespace = device.IsNvmeNamespace,
            Bytes = device.Size,
            Sectors = device.SectorCount,
            LogicalBlockSize = device.LogicalBlockSize,
            PhysicalBlockSize = abilities.PhysicalBlockSize,
            IsDirect = device.IsDirect,
            MemoryAlignment = device.MemoryAlignment,
            OffsetAlignment = device.OffsetAlignment,
            SegmentAlignment = device.SegmentAlignment,
            AlignmentSource = device.AlignmentSource,
            IsReadOnly = IsReadOnly(facts),
            HasVolatileCache = abilities.HasVolatileCache,
            HasFua = abilities.HasFua,
            MaxDiscardBytes = abilities.MaxDiscardBytes,
            HasRingDiscards = abilities.HasRingDiscards,
            ZoneModel = abilities.ZoneModel,
            ZoneSectors = device.ZoneSectors,
            SequentialFrom = device.SequentialFrom == long.MaxValue ? null : device.SequentialFrom,
            MaxWriteZeroesBytes = abilities.MaxWriteZeroesBytes,
            HasPolledQueues = abilities.HasPolledQueues,
            NeedsWorkers = abilities.NeedsWorkers,
            IsInline = abilities.IsInline,
            QueueDepth = abilities.QueueDepth,
            AbilitiesSource = abilities.Source,
        };
    }

    /// <summary>A block device is not opened for writing just to see: closing it again would wake udev.</summary>
    private static bool IsReadOnly(PathFacts facts)
    {
        if (facts.SysfsFolder is { } folder && File.Exists(Path.Combine(folder, "ro")))
            return File.ReadAllText(Path.Combine(folder, "ro")).Trim() is not "0";
        try
        {
            DeviceOpener.Open(facts, DeviceAccess.ReadWrite, exclusive: false).Dispose();
            return false;
        }
        catch (RefusedException)
        {
            return true;
        }
    }
}
