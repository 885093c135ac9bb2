using System.Numerics;
using DmIoUring.Interop;
using DmIoUring.Rings;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Devices;

/// <summary>Size, alignments and state of an open device, an immutable snapshot.</summary>
internal sealed unsafe record DeviceGeometry
{
    /// <summary>The unit of every device's addresses, whatever its blocks are; the kernel's SECTOR_SIZE.</summary>
    public const int SectorSize = 512;

    private const int FallbackAlignment = 4096;
    private const int Page = 4096;

    public required long Size { get; init; }

    public required int LogicalBlockSize { get; init; }

    public required int PhysicalBlockSize { get; init; }

    /// <summary>What the kernel reports.</summary>
    public required int ReportedMemoryAlignment { get; init; }

    /// <summary>What holds: more than is reported where the driver can't do that, or was not yet seen to.</summary>
    public required int MemoryAlignment { get; init; }

    public required int OffsetAlignment { get; init; }

    /// <summary>What the offset and the length of a read must be a multiple of; 0 for the same as of a write.</summary>
    public int ReadOffsetAlignment { get; init; }

    /// <summary>The smallest read.</summary>
    public int ReadBlockSize => ReadOffsetAlignment == 0 ? LogicalBlockSize : Math.Max(SectorSize, ReadOffsetAlignment);

    /// <summary>What the length of each piece of a transfer but the last must be a multiple of.</summary>
    public required int SegmentAlignment { get; init; }

    /// <summary>Whether it was probed; otherwise it is the value that is valid on every kernel.</summary>
    public required bool IsSegmentRuleKnown { get; init; }

    /// <summary>
    /// The address bits that must be 0 in memory that uses a registered buffer, because the kernel splits a registered buffer at page boundaries. All bits
    /// when the pieces must be longer than a page, so that a registered buffer is never used.
    /// </summary>
    public nint RegisteredMask => SegmentAlignment <= Page ? SegmentAlignment - 1 : -1;

    public required bool IsReadOnly { get; init; }

    public required bool IsDirect { get; init; }

    public required bool IsBlockDevice { get; init; }

    public required string AlignmentSource { get; init; }

    /// <summary>The length of a zone in sectors; 0 for a device without zones.</summary>
    public long ZoneSectors { get; init; }

    /// <summary>The first sector that lies in a zone which must be written in order; no sector where there is none.</summary>
    public long SequentialFrom { get; init; } = long.MaxValue;

    /// <summary>statx WRITE_ATOMIC (6.11); 0 and 0 where the device or the kernel has no atomic writes, or I/O is not direct.</summary>
    public required (int Min, int Max) AtomicWriteLimits { get; init; }

    /// <summary>The block device's own number, or that of the device which the file lives on.</summary>
    public required uint Major { get; init; }

    public required uint Minor { get; init; }

    /// <summary>Which device or file it is.</summary>
    public DeviceIdentity Identity { get; init; }

    /// <summary>The device's volatile cache, where it is a block device that is open for direct I/O.</summary>
    public VolatileCache Cache { get; init; } = VolatileCache.Unknown;

    /// <summary>Whether the kernel flushes the device's volatile cache after each FUA write, because the device has no FUA.</summary>
    public bool FlushesAfterFua => Cache == VolatileCache.WithoutFua;

    /// <summary>How many transfers the device's queue takes at once; more than any engine has where it has no such limit, or sysfs does not tell it.</summary>
    public int QueueDepth { get; init; } = int.MaxValue / 2;

    /// <summary>IOSQE_ASYNC for every entry on a device whose driver may block the submitting thread; otherwise 0.</summary>
    public byte EntryFlags { get; init; }

    /// <summary>Whether the driver or file system refuses I/O that must not block: io_uring gives each transfer to a worker thread of the kernel.</summary>
    public bool RefusesNonBlocking { get; init; }

    /// <summary>Whether a device that refuses non-blocking I/O completes a transfer within the call, without sleeping.</summary>
    public bool CompletesInCall { get; init; }

    /// <summary>Whether io_uring is known to use a worker thread of the kernel for each transfer.</summary>
    public bool NeedsWorkers => RefusesNonBlocking || EntryFlags != 0;

    /// <summary>How transfers use a ring.</summary>
    public EntryRoute Route => Namespace is not null ? EntryRoute.Command : CompletesInCall ? EntryRoute.Inline : EntryRoute.MayPoll;

    /// <summary>The most bytes that one entry may transfer.</summary>
    public int MaxTransferBytes { get; init; } = int.MaxValue;

    /// <summary>The NVMe namespace behind a character device; null for block devices and files.</summary>
    public NvmeNamespace? Namespace { get; init; }

    public static DeviceGeometry Of(SafeFileHandle handle, string path)
    {
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            return Of((int)handle.DangerousGetHandle(), path);
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    public static string NotADevice(string path, string what) =>
        $"{path} is {what}. Name a block device or a regular file.";

    /// <summary>Throws for a path that is neither a block device, an NVMe namespace nor a regular file. A path that can't be examined is left to open.</summary>
    /// <returns>Whether it is an NVMe namespace's character device.</returns>
    public static bool RefuseOtherKinds(string path)
    {
        Statx stat;
        if (Libc.Statx(path, &stat) < 0)
            return false;
        RefuseOtherKinds(stat, path);
        return IsNamespace(stat);
    }

    /// <summary>A copy with a probed segment rule.</summary>
    public DeviceGeometry WithSegments(SegmentRule rule)
    {
        int whole = Math.Max(ReportedMemoryAlignment, LogicalBlockSize);
        bool mayOverrun = rule == SegmentRule.Unknown && SegmentProbe.MayOverrun(LogicalBlockSize, ReportedMemoryAlignment);
        return this with
        {
            MemoryAlignment = rule == SegmentRule.WholePages || mayOverrun ? whole : ReportedMemoryAlignment,
            SegmentAlignment = rule == SegmentRule.Fine ? ReportedMemoryAlignment : whole,
            IsSegmentRuleKnown = rule != SegmentRule.Unknown,
        };
    }

    /// <summary>What the offset of a continued transfer must be a multiple of.</summary>
    public int OffsetAlignmentOf(bool reads) => reads && ReadOffsetAlignment != 0 ? ReadOffsetAlignment : OffsetAlignment;

    private static void RefuseOtherKinds(in Statx stat, string path)
    {
        uint type = stat.stx_mode & FileAbi.S_IFMT;
        if (type is not (FileAbi.S_IFBLK or FileAbi.S_IFREG) && !IsNamespace(stat))
            throw new IOException(NotADevice(path, Kind(type)));
    }

    /// <summary>Whether it is an NVMe namespace's character device.</summary>
    public static bool IsNamespace(in Statx stat) =>
        (stat.stx_mode & FileAbi.S_IFMT) == FileAbi.S_IFCHR && NvmeNamespace.IsNode(stat.stx_rdev_major, stat.stx_rdev_minor);

    private static DeviceGeometry Of(int descriptor, string path)
    {
        Statx stat;
        Check(Libc.Statx(descriptor, &stat), path, "statx");
        RefuseOtherKinds(stat, path);
        uint type = stat.stx_mode & FileAbi.S_IFMT;

        int flags = Check(Libc.Fcntl(descriptor, FileAbi.F_GETFL, 0), path, "fcntl(F_GETFL)");
        RefuseOtherModes(flags, path);
        bool direct = (flags & FileAbi.O_DIRECT) != 0;
        bool readOnly = (flags & FileAbi.O_ACCMODE) == FileAbi.O_RDONLY;
        if (type == FileAbi.S_IFCHR)
            return NvmeGeometry.Of(descriptor, readOnly, path) with { Identity = DeviceIdentity.Of(stat) };
        bool block = type == FileAbi.S_IFBLK;
        long size = (long)stat.stx_size;
        int logical = SectorSize;
        int physical = SectorSize;
        long zone = 0;
        if (block)
        {
            int value;
            ulong bytes;
            Check(Libc.Ioctl(descriptor, BlockAbi.BLKGETSIZE64, &bytes), path, "BLKGETSIZE64");
            size = checked((long)bytes);
            Check(Libc.Ioctl(descriptor, BlockAbi.BLKSSZGET, &value), path, "BLKSSZGET");
            logical = value;
            Check(Libc.Ioctl(descriptor, BlockAbi.BLKPBSZGET, &value), path, "BLKPBSZGET");
            physical = value;
            Check(Libc.Ioctl(descriptor, BlockAbi.BLKROGET, &value), path, "BLKROGET");
            readOnly |= value != 0;
            zone = ZoneReport.ZoneSectors(descriptor);
        }

        (int memory, int offset, string source) = Alignments(stat, direct, block, logical, descriptor, path);
        int unit = block && direct ? Math.Max(logical, offset) : Math.Max(SectorSize, offset);
        uint major = block ? stat.stx_rdev_major : stat.stx_dev_major;
        uint minor = block ? stat.stx_rdev_minor : stat.stx_dev_minor;
        bool refuses = SegmentProbe.RefusesNonBlocking(descriptor, unit);
        DeviceGeometry geometry = new()
        {
            Size = size,
            LogicalBlockSize = unit,
            PhysicalBlockSize = Math.Max(physical, unit),
            ReportedMemoryAlignment = memory,
            MemoryAlignment = memory,
            OffsetAlignment = offset,
            ReadOffsetAlignment = direct && (stat.stx_mask & FileAbi.STATX_DIO_READ_ALIGN) != 0 ? (int)stat.stx_dio_read_offset_align : 0,
            SegmentAlignment = Math.Max(memory, unit),
            IsSegmentRuleKnown = false,
            IsReadOnly = readOnly,
            IsDirect = direct,
            IsBlockDevice = block,
            AlignmentSource = source,
            ZoneSectors = zone,
            SequentialFrom = zone == 0 ? long.MaxValue : ZoneReport.SequentialFrom(descriptor, size / SectorSize),

            // RWF_ATOMIC is for direct I/O only: kiocb_set_rw_flags, include/linux/fs.h.
            AtomicWriteLimits = direct && (stat.stx_mask & FileAbi.STATX_WRITE_ATOMIC) != 0
                ? ((int)stat.stx_atomic_write_unit_min, (int)stat.stx_atomic_write_unit_max)
                : (0, 0),
            Major = major,
            Minor = minor,
            Identity = DeviceIdentity.Of(stat),
            Cache = block && direct ? DeviceAbilities.CacheOf(major, minor) : VolatileCache.Unknown,
            QueueDepth = direct ? DeviceAbilities.QueueDepthOf(major, minor) : int.MaxValue / 2,
            RefusesNonBlocking = refuses,
            CompletesInCall = refuses && block && direct && NonBlockingProbe.CompletesInCall(descriptor, size, unit),
            EntryFlags = BlockingDriver.Has(major, minor) ? IoUring.IOSQE_ASYNC : (byte)0,
        };
        return geometry.WithSegments(direct ? SegmentProbe.Run(descriptor, block, size, unit, memory, mayRead: true) : SegmentRule.Fine);
    }

    /// <summary>Throws for a caller's handle with a mode that can't be used.</summary>
    private static void RefuseOtherModes(int flags, string path)
    {
        // Nothing can be transferred through such a handle (open(2), O_PATH).
        if ((flags & FileAbi.O_PATH) != 0)
            throw new IOException($"{path} is open as a path only (O_PATH). Open it for reading and writing.", Errno.EBADF);

        // generic_write_checks, fs/read_write.c: the offset of every write becomes the end of the file.
        if ((flags & FileAbi.O_APPEND) != 0)
            throw new IOException($"{path} is open with O_APPEND: writes would go to its end and not where they are meant to. Open it without.", Errno.EINVAL);
        if ((flags & FileAbi.O_NONBLOCK) != 0)
            throw new IOException($"{path} is open with O_NONBLOCK: I/O that would wait fails instead. Open it without.", Errno.EINVAL);
        if ((flags & FileAbi.O_ACCMODE) == FileAbi.O_WRONLY)
            throw new IOException($"{path} is open for writing only. Open it for reading and writing.", Errno.EBADF);
    }

    /// <summary>
    /// statx DIOALIGN (6.1) where the kernel reports it. Otherwise a block device needs its logical block for both, and a
    /// file at most its file system's block; tmpfs, FUSE and btrfs report nothing and accept any alignment.
    /// </summary>
    private static (int Memory, int Offset, string Source) Alignments(
        Statx stat, bool direct, bool block, int logical, int descriptor, string path)
    {
        if (!direct)
            return (1, 1, "buffered I/O has none");
        if ((stat.stx_mask & FileAbi.STATX_DIOALIGN) != 0)
        {
            if (stat.stx_dio_offset_align == 0)
                throw new IOException($"{path} does no direct I/O, says its file system. Open it with Direct = false.", Errno.EINVAL);
            return ((int)stat.stx_dio_mem_align, (int)stat.stx_dio_offset_align, "statx");
        }

        if (block)
            return (logical, logical, "logical block (statx does not tell)");
        int unit = BitOperations.IsPow2(stat.stx_blksize) && stat.stx_blksize <= FallbackAlignment
            ? Math.Max((int)stat.stx_blksize, SectorSize)
            : FallbackAlignment;

        // Probed only where it matters: of a file that ends inside such a block, the last part could not be accessed.
        return (long)stat.stx_size % unit != 0 && SegmentProbe.TakesAnything(descriptor, (long)stat.stx_size)
            ? (1, 1, "none, as a read shows (statx does not tell)")
            : (unit, unit, "file system's block (statx does not tell)");
    }

    private static string Kind(uint type) => type switch
    {
        FileAbi.S_IFDIR => "a directory",
        FileAbi.S_IFCHR => "a character device",
        FileAbi.S_IFIFO => "a FIFO",
        FileAbi.S_IFSOCK => "a socket",
        _ => "neither a block device nor a regular file",
    };

    private static int Check(int result, string path, string call)
    {
        if (result < 0)
            throw new IOException($"{path}: {call} failed with {Errno.Name(-result)}.", -result);
        return result;
    }
}
