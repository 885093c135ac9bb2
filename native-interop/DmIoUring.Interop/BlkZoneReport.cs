using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct blk_zone_report</c>, without the zones that follow it; include/uapi/linux/blkzoned.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlkZoneReport
{
    public ulong sector;
    public uint nr_zones;
    public uint flags;
}
