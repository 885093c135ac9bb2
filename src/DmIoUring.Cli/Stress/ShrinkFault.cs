using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>The device loses its tail while it is open, and what was in it; it comes back as zeroes.</summary>
internal sealed class ShrinkFault(LoopDevice loop, StressLeg leg) : IStressFault
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly long _size = loop.Size;
    private long _end;

    public string Name => "shrunk";

    public void Break(ref SeededSequence random)
    {
        long blocks = leg.Shape.Sectors / leg.Shape.BlockSectors;
        long end = (blocks - 1 - random.Below(blocks / 2)) * leg.Shape.BlockSectors;
        Volatile.Write(ref _end, end);
        loop.Resize(end * IoRegion.SectorSize);
    }

    public void Mend()
    {
        long lost = leg.Shape.Sectors - _end;

        // Nothing is under way in the tail then. A write that raced with the shrinking may have made the file longer again.
        if (!leg.Claims.ClaimAll(_end, lost, Patience))
            throw new TimeoutException($"{loop.Path}: blocks stayed in use for {Patience}.");
        try
        {
            loop.TruncateBacking(_end * IoRegion.SectorSize);
            loop.Resize(_size);
            leg.Contents.SetOnly(_end, lost, ContentMap.Zeroes);
        }
        finally
        {
            leg.Claims.ReleaseAll(_end, lost);
        }
    }

    public FaultEffect EffectOn(OperationKind kind, IoFlags flags, in StressRegion region)
    {
        long end = Volatile.Read(ref _end);
        if (kind == OperationKind.Flush || region.Sector + region.Count <= end || region.Count == 0)
            return FaultEffect.None;

        // fallocate cuts a range that begins inside the device at its end (blkdev_fallocate, block/fops.c).
        return kind is OperationKind.WriteZeroes or OperationKind.Discard && region.Sector < end ? FaultEffect.MayFail : FaultEffect.Fails;
    }
}
