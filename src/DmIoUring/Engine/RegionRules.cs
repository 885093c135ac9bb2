using System.Numerics;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>What fails a region before anything is issued to it, without stopping its siblings.</summary>
internal static class RegionRules
{
    public static IoFailureCause Check(IoOperation operation, in IoRegion region, IoFlags flags, out int errno)
    {
        BlockDevice device = region.Device;
        errno = 0;
        if (!operation.HasSectors() || region.Count == 0)
            return IoFailureCause.None;
        if (region.Sector + region.Count > device.SectorCount)
        {
            errno = Errno.EIO;
            return IoFailureCause.BeyondEnd;
        }

        long unit = device.LogicalBlockSize / IoRegion.SectorSize;
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

        return (flags & IoFlags.Atomic) == 0 ? IoFailureCause.None : CheckAtomic(region, out errno);
    }

    /// <summary>generic_atomic_write_valid, fs/read_write.c, and the limits that statx tells.</summary>
    private static IoFailureCause CheckAtomic(in IoRegion region, out int errno)
    {
        (int least, int most) = region.Device.AtomicWriteLimits;
        long bytes = region.Count * IoRegion.SectorSize;
        bool natural = BitOperations.IsPow2(bytes) && (region.Sector * IoRegion.SectorSize & (bytes - 1)) == 0;
        errno = most == 0 ? Errno.EOPNOTSUPP : natural && bytes >= least && bytes <= most ? 0 : Errno.EINVAL;
        return errno == 0 ? IoFailureCause.None : IoFailureCause.NotAtomic;
    }
}
