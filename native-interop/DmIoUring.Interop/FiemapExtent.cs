using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fiemap_extent</c>; include/uapi/linux/fiemap.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FiemapExtent
{
    public ulong fe_logical;
    public ulong fe_physical;
    public ulong fe_length;
    public fixed ulong fe_reserved64[2];
    public uint fe_flags;
    public fixed uint fe_reserved[3];
}
