using System.Numerics;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>The checks that fail a region before anything of it is issued, without stopping the request's other regions.</summary>
internal static class RegionRules
{
    public static IoFailureCause Check(IoOperation operation, in IoRegion region, IoFlags flags, out int errno)
    {
        BlockDevice device = region.Device;
        errno = 0;
        if (PromisesDurability(operation, flags) && device.IsInDoubt)
        {
            errno = Errno.EIO;
            return IoFailureCause.InDoubt;
        }

        if (!operation.HasSectors() || region.Count == 0)
            return IoFailureCause.None;
        if (region.Sector + region.Count > (operation == IoOperation.Read ? device.ReadableSectors : device.SectorCount))
        {
            errno = Errno.EIO;
            return IoFailureCause.BeyondEnd;
        }

        long unit = (operation == IoOperation.Read ? device.ReadBlockSize : device.LogicalBlockSize) / IoRegion.SectorSize;
        if (((region.Sector | region.Count) & (unit - 1)) != 0)
        {
            errno = Errno.EINVAL;
            return IoFailureCause.Misaligned;
        }

        if (operation.ChangesData() && device.IsReadOnly)
        {
            errno = Errno.EROFS;
            return IoFailureCause.ReadOnly;
        }

        if (!operation.HasBuffer() && region.Sector + region.Count > device.SequentialFrom)
        {
            errno = Errno.EOPNOTSUPP;
            return IoFailureCause.Zoned;
        }

        // Past the end of a file that was truncated they would succeed without an effect (FALLOC_FL_KEEP_SIZE).
        if (!operation.HasBuffer() && !device.StillHolds(region.Sector, region.Count))
        {
            errno = Errno.EIO;
            return IoFailureCause.BeyondEnd;
        }

        return (flags & IoFlags.Atomic) == 0 ? IoFailureCause.None : CheckAtomic(region, out errno);
    }

    /// <summary>
    /// How many bytes of a read's region lie beyond the end of a file that ends inside the region's last sector (<see cref="BlockDevice.ReadableSectors"/>); 0 where
    /// none do. Asked once, when the request is submitted: what happens to the file's size later is another matter.
    /// </summary>
    public static int OddBytes(IoOperation operation, in IoRegion region)
    {
        if (operation != IoOperation.Read || region.Device.IsDirect || region.Count == 0)
            return 0;
        long beyond = ((region.Sector + region.Count) * IoRegion.SectorSize) - region.Device.Size;
        return beyond is > 0 and < IoRegion.SectorSize ? (int)beyond : 0;
    }

    /// <summary>Whether a request that ends well says that something is durable.</summary>
    public static bool PromisesDurability(IoOperation operation, IoFlags flags) =>
        operation == IoOperation.Flush || (flags & (IoFlags.Preflush | IoFlags.Fua)) != 0;

    /// <summary>Whether it depends on a flush, which may fail for the writes of others: a FUA write to a device with FUA does not.</summary>
    public static bool DependsOnFlush(IoOperation operation, IoFlags flags, BlockDevice device) =>
        operation == IoOperation.Flush || (flags & IoFlags.Preflush) != 0 || ((flags & IoFlags.Fua) != 0 && device.FuaFlushes(bySystemCall: false));

    /// <summary>Whether a failed write with FUA may have failed in the flush that is part of it, and not before.</summary>
    public static bool MayBeItsFlush(int errno, IoFailureCause cause) =>
        cause == IoFailureCause.Device && RaisesDoubt(errno, cause) && errno is not (Errno.EPERM or Errno.EBADF or Errno.EFAULT or Errno.EFBIG);

    /// <summary>Whether a failed flush leaves the device's writes in doubt: it was carried out, or may have been.</summary>
    public static bool RaisesDoubt(int errno, IoFailureCause cause) =>
        cause is IoFailureCause.Device or IoFailureCause.RetriesExhausted or IoFailureCause.Host
        && !RetryRules.IsUnsupported(errno)
        && errno != Errno.ECANCELED;

    /// <summary>Whether a region must be written by one entry: an atomic write, or a write to a zone that must be written in order.</summary>
    public static bool IsWhole(IoOperation operation, in IoRegion region, IoFlags flags) =>
        operation == IoOperation.Write
        && ((flags & IoFlags.Atomic) != 0 || region.Sector + region.Count > region.Device.SequentialFrom);

    /// <summary>The cause of a device's error: the kernel reports a write that is not at a zone's write pointer as EIO.</summary>
    public static IoFailureCause Explain(BlockDevice device, bool writes, long sector, int errno, IoFailureCause cause) =>
        writes && errno == Errno.EIO && cause == IoFailureCause.Device && sector >= device.SequentialFrom ? IoFailureCause.Zoned : cause;

    /// <summary>generic_atomic_write_valid, fs/read_write.c, and the limits from statx.</summary>
    private static IoFailureCause CheckAtomic(in IoRegion region, out int errno)
    {
        (int least, int most) = region.Device.AtomicWriteLimits;
        long bytes = region.Count * IoRegion.SectorSize;
        bool natural = BitOperations.IsPow2(bytes) && (region.Sector * IoRegion.SectorSize & (bytes - 1)) == 0;
        errno = most == 0 ? Errno.EOPNOTSUPP : natural && bytes >= least && bytes <= most ? 0 : Errno.EINVAL;
        return errno == 0 ? IoFailureCause.None : IoFailureCause.NotAtomic;
    }
}
