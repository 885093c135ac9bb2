using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct io_uring_cqe</c>, the 16-byte form; include/uapi/linux/io_uring.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringCqe
{
    public ulong user_data;
    public int res;
    public uint flags;
}
