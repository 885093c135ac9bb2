namespace DmIoUring.Cli.Info;

/// <summary>What <c>dmio info</c> tells of one device.</summary>
internal sealed record DeviceInfo
{
    public required string Path { get; init; }

    public required bool IsBlockDevice { get; init; }

    public required bool IsNvmeNamespace { get; init; }

    public required long Bytes { get; init; }

    public required long Sectors { get; init; }

    public required int LogicalBlockSize { get; init; }

    public required int PhysicalBlockSize { get; init; }

    public required bool IsDirect { get; init; }

    public required int MemoryAlignment { get; init; }

    public required int OffsetAlignment { get; init; }

    public required int SegmentAlignment { get; init; }

    public required string AlignmentSource { get; init; }

    public required bool IsReadOnly { get; init; }

    public bool? HasVolatileCache { get; init; }

    public bool? HasFua { get; init; }

    public long? MaxDiscardBytes { get; init; }

    public bool? HasRingDiscards { get; init; }

    public string? ZoneModel { get; init; }

    public long ZoneSectors { get; init; }

    /// <summary>The first sector of the first zone that must be written in order; null where there is none.</summary>
    public long? SequentialFrom { get; init; }

    public long? MaxWriteZeroesBytes { get; init; }

    public bool? HasPolledQueues { get; init; }

    public bool NeedsWorkers { get; init; }

    public bool IsInline { get; init; }

    public int? QueueDepth { get; init; }

    public required string AbilitiesSource { get; init; }
}
