namespace DmIoUring.Devices;

/// <summary>The geometry of an NVMe namespace.</summary>
internal static class NvmeGeometry
{
    /// <summary>NVMe addresses memory by dwords (blk_rq_map_user_iov checks queue_dma_alignment, which nvme_set_ctrl_limits makes 3, drivers/nvme/host/core.c).</summary>
    private const int MemoryAlignment = 4;

    public static DeviceGeometry Of(int descriptor, bool isReadOnly, string path) => Of(NvmeNamespace.Of(descriptor, path), isReadOnly);

    internal static DeviceGeometry Of(NvmeNamespace found, bool isReadOnly)
    {
        int block = 1 << found.BlockShift;
        return new DeviceGeometry
        {
            Size = checked(found.Blocks << found.BlockShift),
            LogicalBlockSize = block,
            PhysicalBlockSize = block,
            ReportedMemoryAlignment = MemoryAlignment,
            MemoryAlignment = MemoryAlignment,
            OffsetAlignment = block,

            // A command's memory is one run: scattered memory needs several commands, or a bounce buffer where a piece is not whole blocks.
            SegmentAlignment = MemoryAlignment,
            IsSegmentRuleKnown = true,
            IsReadOnly = isReadOnly,
            IsDirect = true,
            IsBlockDevice = false,
            AlignmentSource = "Identify Namespace",
            AtomicWriteLimits = (0, 0),
            Major = 0,
            Minor = 0,
            Namespace = found,
            MaxTransferBytes = found.MaxTransferBytes,
        };
    }
}
