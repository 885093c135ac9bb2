using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>
/// Finds out whether each piece of a direct transfer on a device must be whole logical blocks, or only the transfer as a whole; and whether a block
/// may begin inside a page at all.
/// </summary>
/// <remarks>
/// <para>From 6.0 to 6.17 each piece must be (bdev_iter_is_aligned, include/linux/blkdev.h, called by block/fops.c and
/// fs/iomap/direct-io.c), and statx does not report it; from 6.18 on only its address and its length must be multiples of the memory alignment.</para>
/// <para>The probe is a read of one block in two odd pieces into memory without write permission. The kernel checks the pieces
/// before the memory, so it answers EINVAL where it refuses such pieces and EFAULT where it does not. Nothing is read
/// in either case: a stuck or broken device gives the same answer, at once.</para>
/// <para>Where a block is at least a page and memory may begin inside one, a real read follows, of one block into the middle of a page. zram reads
/// and writes the whole page that a piece lies in, from the page's first byte on, whatever the piece's own offset and length are (is_partial_io,
/// drivers/block/zram/zram_drv.c, is false where a page has 4,096 bytes): seen on 6.18 and 7.2. What lies on it does the same. The
/// bytes around the block show it.</para>
/// </remarks>
internal static unsafe class SegmentProbe
{
    /// <summary>BLK_MAX_BLOCK_SIZE, include/linux/blkdev.h, and the most that a probe spans.</summary>
    private const int LargestBlock = 64 << 10;
    private const int Extents = 16;
    private const int Page = 4096;
    private const long NotReported = -2;

    /// <summary>The flags that an allocated and written extent may have.</summary>
    private const uint OnMedium = FileAbi.FIEMAP_EXTENT_LAST | FileAbi.FIEMAP_EXTENT_MERGED | FileAbi.FIEMAP_EXTENT_SHARED;

    /// <summary>Memory without any permission, mapped once and never unmapped.</summary>
    private static readonly Lazy<nint> Forbidden = new(MapForbidden);

    /// <summary>Probes the rule for the pieces' lengths.</summary>
    /// <param name="descriptor">The device or file, open for direct I/O.</param>
    /// <param name="isBlockDevice">Whether it is a block device.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="block">Its logical block in bytes.</param>
    /// <param name="memory">Its memory alignment in bytes, as reported.</param>
    /// <param name="mayRead">Whether a block may be read. Without, the answer is <see cref="SegmentRule.Unknown"/> where a read is needed.</param>
    public static SegmentRule Run(int descriptor, bool isBlockDevice, long size, int block, int memory, bool mayRead)
    {
        if (memory >= block)
            return SegmentRule.Whole;
        if (block > LargestBlock || Forbidden.Value == 0)
            return SegmentRule.Unknown;
        long offset = isBlockDevice ? LastBlock(size, block) : WrittenBlock(descriptor, size, block);
        if (offset < 0)
            return SegmentRule.Unknown;
        SegmentRule rule = (Read(descriptor, offset, memory, block - memory), Read(descriptor, offset, block, 0)) switch
        {
            (-Errno.EFAULT, -Errno.EFAULT) => SegmentRule.Fine,
            (-Errno.EINVAL, -Errno.EFAULT) => SegmentRule.Whole,
            _ => SegmentRule.Unknown,
        };
        if (rule == SegmentRule.Unknown || !MayOverrun(block, memory))
            return rule;
        return mayRead ? WithinItsPage(descriptor, offset, block, rule) : SegmentRule.Unknown;
    }

    /// <summary>Whether a block's memory may begin inside a page and reach out of it.</summary>
    public static bool MayOverrun(int block, int memory) => block >= Page && memory < Page;

    /// <summary>Whether a file accepts direct reads of any length at any offset into any memory. Reads one byte.</summary>
    public static bool TakesAnything(int descriptor, long size)
    {
        const int odd = 1;
        long block = WrittenBlock(descriptor, size, DeviceGeometry.SectorSize);

        // A file system that does not report its extents has no blocks on a device of its own.
        long offset = block == NotReported ? 0 : block;
        byte* memory = stackalloc byte[2 * odd];
        return offset >= 0 && offset + odd < size && Libc.Pread(descriptor, memory + odd, odd, offset + odd) == odd;
    }

    /// <summary>Whether a device or file refuses I/O that must not block. Reads nothing.</summary>
    public static bool RefusesNonBlocking(int descriptor, int block) =>
        block <= LargestBlock && NonBlockingProbe.IsRefused(descriptor, (void*)Forbidden.Value, block);

    private static long LastBlock(long size, int block) => size < block ? -1 : (size / block * block) - block;

    /// <summary>
    /// The offset of an allocated and written block of a file; -1 where there is none, <see cref="NotReported"/> where the file system does not report its
    /// extents. A hole can't be used: the kernel reads it by other code, which requires no alignment.
    /// </summary>
    private static long WrittenBlock(int descriptor, long size, int block)
    {
        byte* memory = stackalloc byte[sizeof(Fiemap) + (Extents * sizeof(FiemapExtent))];
        Fiemap* map = (Fiemap*)memory;
        *map = new Fiemap { fm_length = ulong.MaxValue, fm_extent_count = Extents };
        if (Libc.Ioctl(descriptor, FileAbi.FS_IOC_FIEMAP, map) < 0)
            return NotReported;
        FiemapExtent* extents = (FiemapExtent*)(memory + sizeof(Fiemap));
        for (uint i = 0; i < Math.Min(map->fm_mapped_extents, Extents); i++)
        {
            long start = (long)extents[i].fe_logical;
            long first = (start + block - 1) / block * block;
            bool isWritten = (extents[i].fe_flags & ~OnMedium) == 0;
            if (isWritten && first + block <= Math.Min(start + (long)extents[i].fe_length, size))
                return first;
        }

        return -1;
    }

    /// <summary>Reads a block into the middle of a page, twice, with other bytes around it: a device may have read the same ones.</summary>
    private static SegmentRule WithinItsPage(int descriptor, long offset, int block, SegmentRule rule)
    {
        nuint length = (nuint)(block + (2 * Page));
        byte* memory = (byte*)Libc.Mmap(length, FileAbi.PROT_READ | FileAbi.PROT_WRITE, FileAbi.MAP_PRIVATE | FileAbi.MAP_ANONYMOUS, -1, 0, out int errno);
        if (errno != 0)
            return SegmentRule.Unknown;
        const int before = Page / 2;
        Span<byte> whole = new(memory, (int)length);
        try
        {
            foreach (byte around in (ReadOnlySpan<byte>)[0xA5, 0x5A])
            {
                whole.Fill(around);
                if (Libc.Pread(descriptor, memory + before, (nuint)block, offset) != block)
                    return SegmentRule.Unknown;
                if (whole[..before].ContainsAnyExcept(around) || whole[(before + block)..].ContainsAnyExcept(around))
                    return SegmentRule.WholePages;
            }

            return rule;
        }
        finally
        {
            _ = Libc.Munmap(memory, length);
        }
    }

    private static nint Read(int descriptor, long offset, int first, int second)
    {
        byte* memory = (byte*)Forbidden.Value;
        Iovec* pieces = stackalloc Iovec[2]
        {
            new Iovec { iov_base = memory, iov_len = (nuint)first },
            new Iovec { iov_base = memory + LargestBlock, iov_len = (nuint)second },
        };
        return Libc.Preadv2(descriptor, pieces, second == 0 ? 1 : 2, offset, 0);
    }

    private static nint MapForbidden()
    {
        void* memory = Libc.Mmap(2 * LargestBlock, FileAbi.PROT_NONE, FileAbi.MAP_PRIVATE | FileAbi.MAP_ANONYMOUS, -1, 0, out _);
        return (nint)memory;
    }
}

/// <summary>The rule for the lengths of the pieces of one transfer.</summary>
internal enum SegmentRule
{
    /// <summary>Not known: an empty device, or a file without an allocated block. Whole blocks are always valid.</summary>
    Unknown,

    /// <summary>Each must be whole logical blocks.</summary>
    Whole,

    /// <summary>Each must be whole logical blocks, and begin at a multiple of one: the driver copies whole pages.</summary>
    WholePages,

    /// <summary>Each must be a multiple of the memory alignment; only their sum must be whole logical blocks.</summary>
    Fine,
}
