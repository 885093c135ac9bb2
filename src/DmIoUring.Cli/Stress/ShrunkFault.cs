using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>The device has lost its tail and what was in it; it comes back as zeroes.</summary>
internal sealed class ShrunkFault(LoopDevice loop, StressLeg leg, long end, long size) : IFault
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string Name => FormattableString.Invariant($"shrunk to {end} sectors");

    public void Mend()
    {
        long lost = leg.Shape.Sectors - end;

        // Nothing is under way in the tail then. A write that raced with the shrinking may have made the file longer again.
        if (!leg.Claims.ClaimAll(end, lost, Patience))
            throw new TimeoutException($"{loop.Path}: blocks stayed in use for {Patience}.");
        try
        {
            loop.TruncateBacking(end * IoRegion.SectorSize);
            loop.Resize(size);
            leg.Contents.SetOnly(end, lost, ContentMap.Zeroes);
        }
        finally
        {
            leg.Claims.ReleaseAll(end, lost);
        }
    }

    public FaultEffect EffectOn(OperationKind kind, IoFlags flags, in StressRegion region)
    {
        if (kind == OperationKind.Flush || region.Sector + region.Count <= end || region.Count == 0)
            return FaultEffect.None;

        // fallocate cuts a range that begins inside the device at its end (blkdev_fallocate, block/fops.c).
        return kind is OperationKind.WriteZeroes or OperationKind.Discard && region.Sector < end ? FaultEffect.MayFail : FaultEffect.Fails;
    }
}
