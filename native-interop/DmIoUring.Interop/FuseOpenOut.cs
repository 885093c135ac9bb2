using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fuse_open_out</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct FuseOpenOut
{
    public ulong fh;
    public uint open_flags;
}
