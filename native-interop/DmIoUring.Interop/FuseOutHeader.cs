using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fuse_out_header</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOutHeader
{
    public uint len;
    public int error;
    public ulong unique;
}
