using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fuse_read_in</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseReadIn
{
    public ulong fh;
    public ulong offset;
    public uint size;
    public uint read_flags;
    public ulong lock_owner;
    public uint flags;
    public uint padding;
}
