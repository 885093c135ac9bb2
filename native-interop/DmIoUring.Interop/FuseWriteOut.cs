using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fuse_write_out</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseWriteOut
{
    public uint size;
    public uint padding;
}
