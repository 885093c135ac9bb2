using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct fiemap</c>, without the extents that follow it; include/uapi/linux/fiemap.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Fiemap
{
    public ulong fm_start;
    public ulong fm_length;
    public uint fm_flags;
    public uint fm_mapped_extents;
    public uint fm_extent_count;
    public uint fm_reserved;
}
