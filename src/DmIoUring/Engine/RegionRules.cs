using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>What fails a region before anything is issued to it, without stopping its siblings.</summary>
internal static class RegionRules
{
    public static IoFailureCause Check(IoOperation operation, in IoRegion region, out int errno)
    {
        BlockDevice device = region.Device;
        errno = 0;
        if (region.Count == 0)
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

        if (operation == IoOperation.Write && device.IsReadOnly)
        {
            errno = Errno.EROFS;
            return IoFailureCause.ReadOnly;
        }

        return IoFailureCause.None;
    }
}
