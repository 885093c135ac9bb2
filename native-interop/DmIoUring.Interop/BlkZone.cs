using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct blk_zone</c>, in sectors of 512 bytes; include/uapi/linux/blkzoned.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BlkZone
{
    public ulong start;
    public ulong len;
    public ulong wp;
    public byte type;
    public byte cond;
    public byte non_seq;
    public byte reset;
    public fixed byte resv[4];
    public ulong capacity;
    public fixed byte reserved[24];
}
