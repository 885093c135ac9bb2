using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary><c>struct statx</c> with the direct-I/O alignments (6.1) and the atomic-write limits (6.11); include/uapi/linux/stat.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Statx
{
    public uint stx_mask;
    public uint stx_blksize;
    public ulong stx_attributes;
    public uint stx_nlink;
    public uint stx_uid;
    public uint stx_gid;
    public ushort stx_mode;
    public ushort __spare0;
    public ulong stx_ino;
    public ulong stx_size;
    public ulong stx_blocks;
    public ulong stx_attributes_mask;
    public StatxTimestamp stx_atime;
    public StatxTimestamp stx_btime;
    public StatxTimestamp stx_ctime;
    public StatxTimestamp stx_mtime;
    public uint stx_rdev_major;
    public uint stx_rdev_minor;
    public uint stx_dev_major;
    public uint stx_dev_minor;
    public ulong stx_mnt_id;
    public uint stx_dio_mem_align;
    public uint stx_dio_offset_align;
    public ulong stx_subvol;
    public uint stx_atomic_write_unit_min;
    public uint stx_atomic_write_unit_max;
    public uint stx_atomic_write_segments_max;
    public uint stx_dio_read_offset_align;
    public uint stx_atomic_write_unit_max_opt;
    public uint __spare2;
    public fixed ulong __spare3[8];
}

/// <summary><c>struct statx_timestamp</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct StatxTimestamp
{
    public long tv_sec;
    public uint tv_nsec;
    public int __reserved;
}
