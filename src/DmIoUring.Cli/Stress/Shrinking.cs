using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>Takes a device's tail away while it is open.</summary>
internal sealed class Shrinking(LoopDevice loop, StressLeg leg) : IBreakable
{
    public IFault Break(ref SeededSequence random)
    {
        long blocks = leg.Shape.Sectors / leg.Shape.BlockSectors;
        long end = (blocks - 1 - random.Below(blocks / 2)) * leg.Shape.BlockSectors;
        long size = loop.Size;

        // A write that the device has already makes the file longer again, and the device with it.
        do
        {
            loop.Resize(end * IoRegion.SectorSize);
        }
        while (loop.Size != end * IoRegion.SectorSize);
        return new ShrunkFault(loop, leg, end, size);
    }
}
