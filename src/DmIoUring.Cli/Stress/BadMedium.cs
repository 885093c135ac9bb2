using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;

namespace DmIoUring.Cli.Stress;

/// <summary>Spoils the medium under a loop device: bad sectors, flushes that fail, slow and stuck requests, short reads.</summary>
internal sealed class BadMedium(FaultFile medium, StressLeg leg) : IBreakable
{
    private const MediumOperations Transfers = MediumOperations.Read | MediumOperations.Write;
    private const int MostBadSectors = 4096;

    /// <summary>Those that the loop driver passes on as they are.</summary>
    private static readonly int[] Errnos = [Errno.EIO, Errno.ENOSPC, Errno.ENODATA, Errno.EILSEQ];

    public IFault Break(ref SeededSequence random)
    {
        int errno = Errnos[random.Below(Errnos.Length)];
        int milliseconds = 1 + random.Below(5);
        int block = leg.Shape.BlockSectors;
        long first = random.Below(leg.Shape.Sectors / block) * block;
        long count = Math.Min((1 + random.Below(MostBadSectors / block)) * block, leg.Shape.Sectors - first);
        return random.Below(6) switch
        {
            0 => Bad(MediumOperations.Read, errno, first, count),
            1 => Bad(Transfers, errno, first, count),
            2 => new MediumFault(
                $"failing flushes ({Errno.Name(errno)})",
                medium.Fail(MediumOperations.Flush, errno),
                static (kind, flags, region) => kind == OperationKind.Flush || (flags & IoFlags.Preflush) != 0
                    || ((flags & IoFlags.Fua) != 0 && region.Count > 0) ? FaultEffect.Fails : FaultEffect.None),
            3 => Harmless($"slow by {milliseconds} ms", medium.Slow(MediumOperations.All, TimeSpan.FromMilliseconds(milliseconds))),
            4 => Harmless("stuck", medium.Hold(MediumOperations.All, first, count)),
            _ => Harmless("reading short", medium.Shorten(MediumOperations.Read, most: 4096 * milliseconds)),
        };
    }

    private static MediumFault Harmless(string name, Fault fault) => new(name, fault, static (_, _, _) => FaultEffect.None);

    private MediumFault Bad(MediumOperations operations, int errno, long first, long count)
    {
        bool writes = (operations & MediumOperations.Write) != 0;
        return new MediumFault(
            FormattableString.Invariant($"bad ({Errno.Name(errno)}, {operations}) from sector {first} on, {count} of them"),
            medium.Fail(operations, errno, first, count),
            (kind, _, region) =>
            {
                bool touches = region.Count > 0 && region.Sector < first + count && first < region.Sector + region.Count;
                return kind switch
                {
                    // Zeroes are written where the medium can't make them itself.
                    OperationKind.WriteZeroes => touches && writes ? FaultEffect.MayFail : FaultEffect.None,
                    OperationKind.Read => touches ? FaultEffect.Fails : FaultEffect.None,
                    OperationKind.Write => touches && writes ? FaultEffect.Fails : FaultEffect.None,
                    _ => FaultEffect.None,
                };
            });
    }
}
