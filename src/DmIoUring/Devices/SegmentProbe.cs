using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>
/// Asks a device open for direct I/O whether the pieces of one transfer must be whole logical blocks, or only the transfer as a whole.
/// </summary>
/// <remarks>
/// <para>From 6.0 to 6.17 each piece must be (bdev_iter_is_aligned, include/linux/blkdev.h, called by block/fops.c and
/// fs/iomap/direct-io.c), and statx does not tell; from 6.18 on only its address and its length in units of the memory alignment
/// count.</para>
/// <para>The question is a read of one block in two odd pieces into memory that nobody can write to. The kernel looks at the pieces
/// before it looks at the memory, so it answers EINVAL where it refuses such pieces and EFAULT where it does not. Nothing is read
/// either way: a device that is stuck or broken answers the same, at once.</para>
/// </remarks>
internal static unsafe class SegmentProbe
{
    /// <summary>BLK_MAX_BLOCK_SIZE, include/linux/blkdev.h, and the most that a probe spans.</summary>
    private const int LargestBlock = 64 << 10;
    private const int Extents = 16;
    private const long NotTold = -2;

    /// <summary>What an extent may be and still lie on the medium, written, where the file system says.</summary>
    private const uint OnMedium = FileAbi.FIEMAP_EXTENT_LAST | FileAbi.FIEMAP_EXTENT_MERGED | FileAbi.FIEMAP_EXTENT_SHARED;

    /// <summary>Memory without any permission, mapped once and never given back.</summary>
    private static readonly Lazy<nint> Forbidden = new(MapForbidden);

    /// <summary>What the pieces' lengths must be a multiple of, as far as the device tells.</summary>
    /// <param name="descriptor">The device or file, open for direct I/O.</param>
    /// <param name="isBlockDevice">Whether it is a block device.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="block">Its logical block in bytes.</param>
    /// <param name="memory">Its memory alignment in bytes.</param>
    public static SegmentRule Run(int descriptor, bool isBlockDevice, long size, int block, int memory)
    {
        if (memory >= block)
            return SegmentRule.Whole;
        if (block > LargestBlock || Forbidden.Value == 0)
            return SegmentRule.Unknown;
        long offset = isBlockDevice ? LastBlock(size, block) : WrittenBlock(descriptor, size, block);
        if (offset < 0)
            return SegmentRule.Unknown;
        return (Read(descriptor, offset, memory, block - memory), Read(descriptor, offset, block, 0)) switch
        {
            (-Errno.EFAULT, -Errno.EFAULT) => SegmentRule.Fine,
            (-Errno.EINVAL, -Errno.EFAULT) => SegmentRule.Whole,
            _ => SegmentRule.Unknown,
        };
    }

    /// <summary>Whether a file takes direct reads of any length at any offset into any memory. Reads a byte of it.</summary>
    public static bool TakesAnything(int descriptor, long size)
    {
        const int odd = 1;
        long block = WrittenBlock(descriptor, size, DeviceGeometry.SectorSize);

        // A file system that can't tell where its blocks lie keeps them nowhere, or somewhere else.
        long offset = block == NotTold ? 0 : block;
        byte* memory = stackalloc byte[2 * odd];
        return offset >= 0 && offset + odd < size && Libc.Pread(descriptor, memory + odd, odd, offset + odd) == odd;
    }

    private static long LastBlock(long size, int block) => size < block ? -1 : (size / block * block) - block;

    /// <summary>
    /// The offset of a block of a file that lies on the medium; -1 where there is none, <see cref="NotTold"/> where the file system does not say. A hole is zeroed by other code, which asks for no alignment, so it
    /// tells nothing.
    /// </summary>
    private static long WrittenBlock(int descriptor, long size, int block)
    {
        byte* memory = stackalloc byte[sizeof(Fiemap) + (Extents * sizeof(FiemapExtent))];
        Fiemap* map = (Fiemap*)memory;
        *map = new Fiemap { fm_length = ulong.MaxValue, fm_extent_count = Extents };
        if (Libc.Ioctl(descriptor, FileAbi.FS_IOC_FIEMAP, map) < 0)
            return NotTold;
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

/// <summary>What a device asks of the lengths of the pieces of one transfer.</summary>
internal enum SegmentRule
{
    /// <summary>It did not tell: an empty device, or a file without a block on the medium. Whole blocks are always right.</summary>
    Unknown,

    /// <summary>Each must be whole logical blocks.</summary>
    Whole,

    /// <summary>Each must be a multiple of the memory alignment; only their sum must be whole logical blocks.</summary>
    Fine,
}
