namespace DmIoUring.Devices;

/// <summary>The geometry of an NVMe namespace that is reached by pass-through.</summary>
internal static class NvmeGeometry
{
    /// <summary>NVMe addresses memory by dwords (NVME_... update_dma_alignment, drivers/nvme/host/core.c).</summary>
    private const int MemoryAlignment = 4;

    public static DeviceGeometry Of(int descriptor, bool isReadOnly, string path)
    {
        NvmeNamespace found = NvmeNamespace.Of(descriptor, path);
        int block = 1 << found.BlockShift;
        return new DeviceGeometry
        {
            Size = checked(found.Blocks << found.BlockShift),
            LogicalBlockSize = block,
            PhysicalBlockSize = block,
            MemoryAlignment = MemoryAlignment,
            OffsetAlignment = block,
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
