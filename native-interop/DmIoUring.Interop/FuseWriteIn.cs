using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fuse_write_in</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseWriteIn
{
    public ulong fh;
    public ulong offset;
    public uint size;
    public uint write_flags;
    public ulong lock_owner;
    public uint flags;
    public uint padding;
}
