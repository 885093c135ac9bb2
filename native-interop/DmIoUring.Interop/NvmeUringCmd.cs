using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

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
