using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary>Requests of block and loop devices: include/uapi/linux/fs.h, blkzoned.h, loop.h and ioprio.h.</summary>
internal static class BlockAbi
{
    public const nuint BLKROSET = 0x125D;
    public const nuint BLKROGET = 0x125E;
    public const nuint BLKGETSIZE64 = 0x80081272;
    public const nuint BLKFLSBUF = 0x1261;
    public const nuint BLKSSZGET = 0x1268;
    public const nuint BLKPBSZGET = 0x127B;
    public const nuint BLKDISCARD = 0x1277;
    public const nuint BLKZEROOUT = 0x127F;

    public const nuint BLKREPORTZONE = 0xC0101282;
    public const nuint BLKGETZONESZ = 0x80041284;
    public const byte BLK_ZONE_TYPE_SEQWRITE_REQ = 2;

    public const uint BLOCK_URING_CMD_DISCARD = 0x1200;

    public const int IOPRIO_WHO_PROCESS = 1;

    public const nuint LOOP_CTL_GET_FREE = 0x4C82;
    public const nuint LOOP_CONFIGURE = 0x4C0A;
    public const nuint LOOP_CLR_FD = 0x4C01;
    public const nuint LOOP_GET_STATUS64 = 0x4C05;
    public const nuint LOOP_SET_CAPACITY = 0x4C07;
    public const uint LO_FLAGS_READ_ONLY = 1;
    public const uint LO_FLAGS_AUTOCLEAR = 4;
    public const uint LO_FLAGS_DIRECT_IO = 16;
}

/// <summary><c>struct blk_zone_report</c>, without the zones that follow it; include/uapi/linux/blkzoned.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlkZoneReport
{
    public ulong sector;
    public uint nr_zones;
    public uint flags;
}

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

/// <summary><c>struct loop_config</c>: everything a loop device needs in one ioctl (LOOP_CONFIGURE, 5.8).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LoopConfig
{
    public uint fd;
    public uint block_size;
    public LoopInfo64 info;
    public fixed ulong __reserved[8];
}

/// <summary><c>struct loop_info64</c>; include/uapi/linux/loop.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LoopInfo64
{
    public ulong lo_device;
    public ulong lo_inode;
    public ulong lo_rdevice;
    public ulong lo_offset;
    public ulong lo_sizelimit;
    public uint lo_number;
    public uint lo_encrypt_type;
    public uint lo_encrypt_key_size;
    public uint lo_flags;
    public fixed byte lo_file_name[64];
    public fixed byte lo_crypt_name[64];
    public fixed byte lo_encrypt_key[32];
    public fixed ulong lo_init[2];
}
