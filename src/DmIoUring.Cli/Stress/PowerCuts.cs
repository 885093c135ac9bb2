using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Stress;

/// <summary>
/// Cuts the power of a medium that keeps only what was flushed: what was written before a flush, or with FUA, must be there
/// afterwards; what was only written may be.
/// </summary>
internal sealed class PowerCuts(FaultFile medium, StressLeg leg, ulong seed) : IBreakable
{
    private const int Writes = 12;
    private const int MostBlocks = 64;
    private const int FirstThread = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private long _number;

    public IFault Break(ref SeededSequence random)
    {
        // Nobody else writes meanwhile: it is known what was flushed and what was not.
        if (!leg.Claims.ClaimAll(0, leg.Shape.Sectors, Patience))
            throw new TimeoutException($"{leg.Path}: blocks stayed in use for {Patience}.");
        try
        {
            leg.AcknowledgeDoubt();
            using DmIoClient client = new();
            Check(client.Flush(new IoRegion(leg.Device, 0, 0)), "flush");
            using IoMemory memory = IoMemory.Allocate(MostBlocks * leg.Shape.BlockSectors * IoRegion.SectorSize);
            for (int i = 0; i < Writes; i++)
                Write(client, memory, durably: random.OneIn(2), ref random);
            medium.PowerCut((int)random.Below(int.MaxValue));
            medium.PowerUp();
        }
        finally
        {
            leg.Claims.ReleaseAll(0, leg.Shape.Sectors);
        }

        return new MediumFault("whole again after a power cut", fault: null, static (_, _, _) => FaultEffect.None);
    }

    private void Write(DmIoClient client, IoMemory memory, bool durably, ref SeededSequence random)
    {
        int block = leg.Shape.BlockSectors;
        int count = (1 + random.Below(MostBlocks)) * block;
        long sector = random.Below((leg.Shape.Sectors - count) / block + 1) * block;
        if (!leg.Contents.HasRoom(sector, count))
            return;
        long generation = Generation.Of(FirstThread + leg.Index, ++_number);
        for (int i = 0; i < count; i++)
        {
            SectorStamp stamp = new(seed, sector + i, generation, 1UL << leg.Index);
            stamp.Fill(memory.GetSpan().Slice(i * IoRegion.SectorSize, IoRegion.SectorSize));
        }

        Check(client.Write(new IoRegion(leg.Device, sector, count), memory, durably ? IoFlags.Fua : IoFlags.None), "write");
        if (durably)
            leg.Contents.SetOnly(sector, count, generation);
        else
            leg.Contents.Add(sector, count, generation);
    }

    private void Check(IoResult result, string what)
    {
        if (!result.IsSuccess)
            throw new InvalidOperationException($"{leg.Path}, with which nothing is wrong: {what} before a power cut: {result}");
    }
}
