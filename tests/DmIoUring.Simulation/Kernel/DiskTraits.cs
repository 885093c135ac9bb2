using DmIoUring.Devices;

namespace DmIoUring.Simulation.Kernel;

/// <summary>What kind of device a simulated disk is.</summary>
internal sealed record DiskTraits
{
    public required int Sectors { get; init; }

    public required int LogicalBlock { get; init; }

    public required int MemoryAlignment { get; init; }

    public required int OffsetAlignment { get; init; }

    public required bool IsBlockDevice { get; init; }

    public required bool IsReadOnly { get; init; }

    public required bool HasDiscard { get; init; }

    public required bool HasZeroRange { get; init; }

    public required bool HasVolatileCache { get; init; }

    /// <summary>What the length of each piece of a transfer must be a multiple of. Not drawn, so that older seeds mean what they did.</summary>
    public int SegmentAlignment => OffsetAlignment > 1 && int.Log2(Sectors) % 2 == 0 ? Math.Max(MemoryAlignment, LogicalBlock) : MemoryAlignment;

    /// <summary>Whether the kernel would flush after each FUA write. Not drawn, as the one above.</summary>
    public bool FlushesAfterFua => HasVolatileCache && IsBlockDevice && int.Log2(Sectors) % 4 != 1;

    /// <summary>How many entries it takes at once. Not drawn, as the ones above.</summary>
    public int QueueDepth => int.Log2(Sectors) switch { 5 => 1, 8 => 3, _ => int.MaxValue / 2 };

    /// <summary>Whether it completes a transfer within the call, and refuses not to. Not drawn, as the ones above.</summary>
    public bool CompletesInCall => OffsetAlignment > 1 && IsBlockDevice && int.Log2(Sectors) is 6 or 10;

    /// <summary>The largest atomic write in bytes; 0 where there is none.</summary>
    public int MostAtomic => OffsetAlignment > 1 && int.Log2(Sectors) % 3 != 0 ? 64 << 10 : 0;

    public static DiskTraits Choose(SeededRandom random)
    {
        bool buffered = random.OneIn(8);
        int block = buffered || random.OneIn(2) ? 512 : 512 << random.Next(1, 4);
        return new DiskTraits
        {
            Sectors = 8 << random.Next(2, 8),
            LogicalBlock = block,
            MemoryAlignment = buffered ? 1 : random.Pick(4, 512, block),
            OffsetAlignment = buffered ? 1 : block,
            IsBlockDevice = !buffered && !random.OneIn(3),
            IsReadOnly = random.OneIn(16),
            HasDiscard = random.OneIn(2),
            HasZeroRange = random.OneIn(2),
            HasVolatileCache = !random.OneIn(4),
        };
    }

    public DeviceGeometry ToGeometry() => new()
    {
        Size = (long)Sectors * IoRegion.SectorSize,
        LogicalBlockSize = LogicalBlock,
        PhysicalBlockSize = LogicalBlock,
        ReportedMemoryAlignment = MemoryAlignment,
        MemoryAlignment = MemoryAlignment,
        OffsetAlignment = OffsetAlignment,
        SegmentAlignment = SegmentAlignment,
        IsSegmentRuleKnown = true,
        IsReadOnly = IsReadOnly,
        IsDirect = OffsetAlignment > 1,
        IsBlockDevice = IsBlockDevice,
        AlignmentSource = "the simulation",
        AtomicWriteLimits = MostAtomic == 0 ? (0, 0) : (LogicalBlock, MostAtomic),
        Cache = !IsBlockDevice || OffsetAlignment == 1 ? VolatileCache.Unknown : FlushesAfterFua ? VolatileCache.WithoutFua : HasVolatileCache ? VolatileCache.WithFua : VolatileCache.None,
        QueueDepth = QueueDepth,
        RefusesNonBlocking = CompletesInCall,
        CompletesInCall = CompletesInCall,
        Major = 0,
        Minor = 0,
    };
}
