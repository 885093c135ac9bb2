using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>What kcopyd does, with every shape of a job.</summary>
public sealed class CopyTests
{
    public static TheoryData<CopyWay, bool, int> All => Shapes.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task Copy_WritesTheSourceToEveryDestination(CopyWay way, bool isSequential, int destinations)
    {
        using CopyBench bench = new(destinations);
        CopyResult result = await bench.CopyAsync(way, new CopyOptions { SequentialWrites = isSequential });
        CopyBench.AssertComplete(result, CopyBench.Sectors);
        for (int i = 0; i < destinations; i++)
            bench.AssertCopied(i);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WriteZeroes_ZeroesEveryDestination(CopyWay way, bool isSequential, int destinations)
    {
        using CopyBench bench = new(destinations);
        CopyResult result = await bench.ZeroAsync(way, new CopyOptions { SequentialWrites = isSequential });
        CopyBench.AssertComplete(result, CopyBench.Sectors);
        for (int i = 0; i < destinations; i++)
            Assert.False(bench.ContentOf(i).AsSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Copy_FailsToRead_Stops(CopyWay way, bool isSequential, int destinations)
    {
        using CopyBench bench = new(destinations);
        bench.SourceDisk.Fail(MediumOperations.Read, 5, 5 * CopyBench.PieceSectors, 1);
        CopyResult result = await bench.CopyAsync(way, new CopyOptions { SequentialWrites = isSequential });
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.True(result.Failed.IsEmpty);
        Assert.Equal((0, 5L * CopyBench.PieceSectors, 5), (result.SourceFailure.Region, result.SourceFailure.Sector, result.SourceFailure.Errno));
        Assert.Equal(5 * CopyBench.PieceSectors, result.NextSector);
        Assert.InRange(result.SectorsCopied, result.NextSector, isSequential ? result.NextSector : CopyBench.Sectors - CopyBench.PieceSectors);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Copy_FailsToWriteOne_SetsItsBitAndStops(CopyWay way, bool isSequential, int destinations)
    {
        using CopyBench bench = new(destinations);
        int bad = destinations - 1;
        bench.DestinationDisks[bad].Fail(MediumOperations.Write, 28, 5 * CopyBench.PieceSectors, 1);
        CopyResult result = await bench.CopyAsync(way, new CopyOptions { SequentialWrites = isSequential });
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.Equal(1UL << bad, result.Failed.Value);
        Assert.Equal(IoFailureCause.None, result.SourceFailure.Cause);
        Assert.Equal((bad, 5L * CopyBench.PieceSectors, 28), (result.DestinationFailures[bad].Region, result.DestinationFailures[bad].Sector, result.DestinationFailures[bad].Errno));
        Assert.Equal(5 * CopyBench.PieceSectors, result.NextSector);
    }
}
