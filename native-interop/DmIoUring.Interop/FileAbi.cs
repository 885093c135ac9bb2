using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary>Constants of files and mappings: fcntl.h, stat.h, fs.h, mman.h, fiemap.h, eventfd.h, poll.h, falloc.h.</summary>
internal static class FileAbi
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_ACCMODE = 3;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;

    /// <summary>Names what a path leads to without opening it for I/O.</summary>
    public const int O_PATH = 0x200000;
    public const int O_CLOEXEC = 0x80000;

    public static readonly int O_DIRECT = ProcessorAbi.Current.O_DIRECT;
    public static readonly int O_TMPFILE = ProcessorAbi.Current.O_TMPFILE;

    public const int F_GETFD = 1;
    public const int FD_CLOEXEC = 1;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_DUPFD_CLOEXEC = 1030;

    public const int AT_FDCWD = -100;
    public const int AT_EMPTY_PATH = 0x1000;
    public const uint STATX_BASIC_STATS = 0x7ff;
    public const uint STATX_DIOALIGN = 0x2000;
    public const uint STATX_WRITE_ATOMIC = 0x10000;
    public const uint STATX_DIO_READ_ALIGN = 0x20000;
    public const uint S_IFMT = 0xF000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFIFO = 0x1000;
    public const uint S_IFSOCK = 0xC000;

    public const int SEEK_DATA = 3;
    public const int SEEK_HOLE = 4;

    public const int RWF_HIPRI = 0x1;
    public const int RWF_DSYNC = 0x2;
    public const int RWF_SYNC = 0x4;
    public const int RWF_NOWAIT = 0x8;
    public const int RWF_ATOMIC = 0x40;

    public const nuint FS_IOC_FIEMAP = 0xC020660B;
    public const uint FIEMAP_EXTENT_LAST = 0x1;
    public const uint FIEMAP_EXTENT_MERGED = 0x1000;
    public const uint FIEMAP_EXTENT_SHARED = 0x2000;

    public const int RUSAGE_THREAD = 1;
    public const int PROT_NONE = 0x0;
    public const int PROT_READ = 0x1;
    public const int PROT_WRITE = 0x2;
    public const int MAP_SHARED = 0x01;
    public const int MAP_PRIVATE = 0x02;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_POPULATE = 0x8000;
    public const int MAP_HUGETLB = 0x40000;
    public const int MAP_HUGE_2MB = 21 << 26;
    public const int MADV_DONTFORK = 10;
    public const int MADV_HUGEPAGE = 14;
    public const int MADV_POPULATE_WRITE = 23;

    public const int EFD_CLOEXEC = O_CLOEXEC;
    public const int EFD_NONBLOCK = O_NONBLOCK;
    public const short POLLIN = 0x1;
    public const short POLLHUP = 0x10;

    public const int FALLOC_FL_KEEP_SIZE = 0x01;
    public const int FALLOC_FL_PUNCH_HOLE = 0x02;
    public const int FALLOC_FL_ZERO_RANGE = 0x10;
}

/// <summary>Memory files and their seals: include/uapi/linux/memfd.h and fcntl.h.</summary>
internal static class MemfdAbi
{
    public const uint MFD_CLOEXEC = 0x1;
    public const uint MFD_ALLOW_SEALING = 0x2;
    public const int F_ADD_SEALS = 1033;
    public const int F_SEAL_GROW = 0x4;
}

/// <summary><c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Iovec
{
    public void* iov_base;
    public nuint iov_len;
}

/// <summary><c>struct pollfd</c>; include/uapi/asm-generic/poll.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Pollfd
{
    public int fd;
    public short events;
    public short revents;
}

/// <summary>What is needed of <c>struct rusage</c>; include/uapi/linux/resource.h.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
internal struct Rusage
{
    /// <summary>Voluntary context switches: how often the thread has slept.</summary>
    [FieldOffset(128)]
    public long ru_nvcsw;
}

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
