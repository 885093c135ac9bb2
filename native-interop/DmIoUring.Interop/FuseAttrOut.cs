using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fuse_attr_out</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttrOut
{
    public ulong attr_valid;
    public uint attr_valid_nsec;
    public uint dummy;
    public FuseAttr attr;
}
