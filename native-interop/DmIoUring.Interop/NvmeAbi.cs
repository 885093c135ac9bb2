namespace DmIoUring.Interop;

/// <summary>Commands to NVMe namespaces: include/uapi/linux/nvme_ioctl.h.</summary>
internal static class NvmeAbi
{
    public const nuint NVME_IOCTL_ID = 0x4E40;
    public const nuint NVME_IOCTL_ADMIN_CMD = 0xC0484E41;
    public const nuint NVME_IOCTL_IO64_CMD = 0xC0504E48;

    public const uint NVME_URING_CMD_IO = 0xC0484E80;
}
