using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fuse_in_header</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal struct FuseInHeader
{
    public uint len;
    public uint opcode;
    public ulong unique;
    public ulong nodeid;
    public uint uid;
    public uint gid;
    public uint pid;
}
