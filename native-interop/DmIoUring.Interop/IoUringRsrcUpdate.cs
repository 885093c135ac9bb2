using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct io_uring_rsrc_update</c>: one entry of IORING_REGISTER_RING_FDS and of the file updates.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringRsrcUpdate
{
    public uint offset;
    public uint resv;
    public ulong data;
}
