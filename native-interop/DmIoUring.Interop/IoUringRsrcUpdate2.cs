using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct io_uring_rsrc_update2</c>: replaces a run of a files or buffers table.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringRsrcUpdate2
{
    public uint offset;
    public uint resv;
    public ulong data;
    public ulong tags;
    public uint nr;
    public uint resv2;
}
