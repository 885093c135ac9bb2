using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary>Constants of file systems in user space: include/uapi/linux/fuse.h, and what else its server needs: signal.h, fcntl.h.</summary>
internal static class FuseAbi
{
    public const uint FUSE_KERNEL_VERSION = 7;
    public const uint FUSE_ASYNC_READ = 1 << 0;
    public const uint FUSE_BIG_WRITES = 1 << 5;
    public const uint FUSE_ASYNC_DIO = 1 << 15;
    public const uint FUSE_MAX_PAGES = 1 << 22;
    public const uint FOPEN_DIRECT_IO = 1 << 0;
    public const uint FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    public const uint FUSE_LOOKUP = 1;
    public const uint FUSE_FORGET = 2;
    public const uint FUSE_GETATTR = 3;
    public const uint FUSE_SETATTR = 4;
    public const uint FUSE_OPEN = 14;
    public const uint FUSE_READ = 15;
    public const uint FUSE_WRITE = 16;
    public const uint FUSE_STATFS = 17;
    public const uint FUSE_RELEASE = 18;
    public const uint FUSE_FSYNC = 20;
    public const uint FUSE_FLUSH = 25;
    public const uint FUSE_INIT = 26;
    public const uint FUSE_INTERRUPT = 36;
    public const uint FUSE_DESTROY = 38;
    public const uint FUSE_BATCH_FORGET = 42;
    public const uint FUSE_FALLOCATE = 43;

    public const int SIGTERM = 15;
    public const uint O_DSYNC = 0x1000;
}

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

/// <summary><c>struct fuse_out_header</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseOutHeader
{
    public uint len;
    public int error;
    public ulong unique;
}

/// <summary><c>struct fuse_init_out</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct FuseInitOut
{
    public uint major;
    public uint minor;
    public uint max_readahead;
    public uint flags;
    public ushort max_background;
    public ushort congestion_threshold;
    public uint max_write;
    public uint time_gran;
    public ushort max_pages;
    public ushort map_alignment;
}

/// <summary><c>struct fuse_open_out</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct FuseOpenOut
{
    public ulong fh;
    public uint open_flags;
}

/// <summary><c>struct fuse_attr_out</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttrOut
{
    public ulong attr_valid;
    public uint attr_valid_nsec;
    public uint dummy;
    public FuseAttr attr;
}

/// <summary><c>struct fuse_attr</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttr
{
    public ulong ino;
    public ulong size;
    public ulong blocks;
    public ulong atime;
    public ulong mtime;
    public ulong ctime;
    public uint atimensec;
    public uint mtimensec;
    public uint ctimensec;
    public uint mode;
    public uint nlink;
    public uint uid;
    public uint gid;
    public uint rdev;
    public uint blksize;
    public uint flags;
}

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

/// <summary><c>struct fuse_write_out</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseWriteOut
{
    public uint size;
    public uint padding;
}

/// <summary><c>struct fuse_fallocate_in</c>; include/uapi/linux/fuse.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseFallocateIn
{
    public ulong fh;
    public ulong offset;
    public ulong length;
    public uint mode;
    public uint padding;
}
