using System.Numerics;
using DmIoUring.Engine;
using DmIoUring.Interop;

namespace DmIoUring.Testing.Contract;

/// <summary>
/// Which regions fail before anything of them is issued, and how: the contract as the documents tell it (docs/errors.md), written down once for the simulation and
/// for the tests, and apart from the library's own code (RegionRules), which they test.
/// </summary>
internal static class Refusals
{
    /// <summary>How a region is refused; errno 0 and no cause where it is not.</summary>
    public static (int Errno, IoFailureCause Cause) Of(IoOperation operation, IoFlags flags, in IoRegion region, in DeviceFacts facts)
    {
        bool asksForDurability = operation == IoOperation.Flush || (flags & (IoFlags.Preflush | IoFlags.Fua)) != 0;
        if (asksForDurability && facts.IsInDoubt)
            return (Errno.EIO, IoFailureCause.InDoubt);
        if (operation == IoOperation.Flush || region.Count == 0)
            return default;
        if (region.Sector > facts.Sectors || region.Count > facts.Sectors - region.Sector)
            return (Errno.EIO, IoFailureCause.BeyondEnd);
        long unit = facts.LogicalBlock / IoRegion.SectorSize;
        if (region.Sector % unit != 0 || region.Count % unit != 0)
            return (Errno.EINVAL, IoFailureCause.Misaligned);
        if (facts.IsReadOnly && operation != IoOperation.Read)
            return (Errno.EROFS, IoFailureCause.ReadOnly);
        return (flags & IoFlags.Atomic) != 0 ? OfAtomic(region, facts.MostAtomic) : default;
    }

    /// <summary>The result of a request of which all that is not refused ends well.</summary>
    public static IoResult ResultOf(IoOperation operation, IoFlags flags, ReadOnlySpan<IoRegion> regions, Func<BlockDevice, DeviceFacts> facts)
    {
        ulong failed = 0;
        ulong unsupported = 0;
        IoFailure first = default;
        for (int i = 0; i < regions.Length; i++)
        {
            (int errno, IoFailureCause cause) = Of(operation, flags, regions[i], facts(regions[i].Device));
            if (errno == 0)
                continue;
            if ((failed | unsupported) == 0)
                first = new IoFailure(i, regions[i].Sector, errno, cause);
            (errno is Errno.EINVAL or Errno.EOPNOTSUPP ? ref unsupported : ref failed) |= 1ul << i;
        }

        return new IoResult(new RegionBits(failed), new RegionBits(unsupported), first);
    }

    private static (int Errno, IoFailureCause Cause) OfAtomic(in IoRegion region, int most)
    {
        if (most == 0)
            return (Errno.EOPNOTSUPP, IoFailureCause.NotAtomic);
        long bytes = region.Count * IoRegion.SectorSize;
        bool isNatural = BitOperations.IsPow2(bytes) && region.Sector * IoRegion.SectorSize % bytes == 0 && bytes <= most;
        return isNatural ? default : (Errno.EINVAL, IoFailureCause.NotAtomic);
    }
}
