using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary>Commands to NVMe namespaces: include/uapi/linux/nvme_ioctl.h.</summary>
internal static class NvmeAbi
{
    public const nuint NVME_IOCTL_ID = 0x4E40;
    public const nuint NVME_IOCTL_ADMIN_CMD = 0xC0484E41;
    public const nuint NVME_IOCTL_IO64_CMD = 0xC0504E48;

    public const uint NVME_URING_CMD_IO = 0xC0484E80;
}

/// <summary><c>struct nvme_passthru_cmd</c>, the argument of an admin command; include/uapi/linux/nvme_ioctl.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmePassthruCmd
{
    public byte opcode;
    public byte flags;
    public ushort rsvd1;
    public uint nsid;
    public uint cdw2;
    public uint cdw3;
    public ulong metadata;
    public ulong addr;
    public uint metadata_len;
    public uint data_len;
    public uint cdw10;
    public uint cdw11;
    public uint cdw12;
    public uint cdw13;
    public uint cdw14;
    public uint cdw15;
    public uint timeout_ms;
    public uint result;
}

/// <summary><c>struct nvme_passthru_cmd64</c>; include/uapi/linux/nvme_ioctl.h. Its first 72 bytes are <see cref="NvmeUringCmd"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmePassthruCmd64
{
    public byte opcode;
    public byte flags;
    public ushort rsvd1;
    public uint nsid;
    public uint cdw2;
    public uint cdw3;
    public ulong metadata;
    public ulong addr;
    public uint metadata_len;
    public uint data_len;
    public uint cdw10;
    public uint cdw11;
    public uint cdw12;
    public uint cdw13;
    public uint cdw14;
    public uint cdw15;
    public uint timeout_ms;
    public uint rsvd2;
    public ulong result;
}

/// <summary><c>struct nvme_uring_cmd</c>, the second half of a submission entry of 128 bytes; include/uapi/linux/nvme_ioctl.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmeUringCmd
{
    public byte opcode;
    public byte flags;
    public ushort rsvd1;
    public uint nsid;
    public uint cdw2;
    public uint cdw3;
    public ulong metadata;
    public ulong addr;
    public uint metadata_len;
    public uint data_len;
    public uint cdw10;
    public uint cdw11;
    public uint cdw12;
    public uint cdw13;
    public uint cdw14;
    public uint cdw15;
    public uint timeout_ms;
    public uint rsvd2;
}
