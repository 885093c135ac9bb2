using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct io_uring_rsrc_register</c>: sparse tables of files or buffers (IORING_REGISTER_FILES2, _BUFFERS2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringRsrcRegister
{
    public uint nr;
    public uint flags;
    public ulong resv2;
    public ulong data;
    public ulong tags;
}
