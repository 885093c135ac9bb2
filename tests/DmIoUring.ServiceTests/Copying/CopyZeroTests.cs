using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>How destinations get zeroes.</summary>
public sealed class CopyZeroTests
{
    private const int EINVAL = 22;
    private const int Piece = CopyBench.PieceSectors;

    [Fact]
    public async Task WriteZeroes_DecidesForEachDestination_AndRemembers()
    {
        using CopyBench bench = new(2, sectors: 100 * Piece);
        bench.DestinationDisks[1].Fail(MediumOperations.Discard, EINVAL);
        CopyBench.AssertComplete(await bench.ZeroAsync(), 100 * Piece);
        for (int i = 0; i < 2; i++)
            Assert.False(bench.ContentOf(i).AsSpan().ContainsAnyExcept((byte)0));
        Assert.DoesNotContain(bench.DestinationDisks[0].Log, static request => request.Operation == MediumOperations.Write);
        Assert.Equal(100, bench.DestinationDisks[1].Log.Count(static request => request.Operation == MediumOperations.Write));

        // At most what was in flight before the first answer was known.
        Assert.InRange(bench.DestinationDisks[1].Log.Count(static request => request.Operation == MediumOperations.Discard), 1, 4);
    }

    [Fact]
    public async Task WriteZeroes_DiskHasNone_WritesZeroes()
    {
        using CopyBench bench = new(destination: new SimulatedDiskOptions { HasWriteZeroes = false });
        CopyBench.AssertComplete(await bench.ZeroAsync(), CopyBench.Sectors);
        Assert.False(bench.ContentOf(0).AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public async Task WriteZeroes_Fails_SetsTheBit()
    {
        using CopyBench bench = new(3);
        bench.DestinationDisks[2].Fail(MediumOperations.Discard, 5);
        CopyResult result = await bench.ZeroAsync();
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.Equal(0b100UL, result.Failed.Value);
        Assert.Equal(0, result.NextSector);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DetectZeroes_DiscardsInAFile_ZeroesADevice(bool isFile)
    {
        using CopyBench bench = new(destination: new SimulatedDiskOptions { IsFile = isFile });
        byte[] data = [.. bench.Data];
        data.AsSpan(3 * CopyBench.PieceBytes, 2 * CopyBench.PieceBytes).Clear();
        bench.SourceDisk.Write(0, data);
        CopyBench.AssertComplete(await bench.CopyAsync(options: new CopyOptions { Sparse = CopySparse.DetectZeroes }), CopyBench.Sectors);
        Assert.Null(CopyBench.FirstDifference(data, bench.ContentOf(0)));
        Assert.Equal(2, bench.DestinationDisks[0].Log.Count(static request => request.Operation == MediumOperations.Discard));
        Assert.Equal(CopyBench.Pieces - 2, bench.DestinationDisks[0].Log.Count(static request => request.Operation == MediumOperations.Write));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task DetectZeroes_NeitherDiscardNorZeroes_WritesThem(bool isFile, bool hasWriteZeroes)
    {
        using CopyBench bench = new(destination: new SimulatedDiskOptions { IsFile = isFile, HasDiscard = false, HasWriteZeroes = hasWriteZeroes });
        byte[] data = new byte[bench.Data.Length];
        bench.SourceDisk.Write(0, data);
        CopyBench.AssertComplete(await bench.CopyAsync(options: new CopyOptions { Sparse = CopySparse.DetectZeroes, SequentialWrites = true }), CopyBench.Sectors);
        Assert.Null(CopyBench.FirstDifference(data, bench.ContentOf(0)));
    }

    [Fact]
    public async Task DetectZeroes_EveryWayIsUnsupported_WritesPages()
    {
        using CopyBench bench = new(destination: new SimulatedDiskOptions { IsFile = true });
        bench.DestinationDisks[0].Fail(MediumOperations.Discard, EINVAL);
        byte[] data = new byte[bench.Data.Length];
        bench.SourceDisk.Write(0, data);
        CopyBench.AssertComplete(await bench.CopyAsync(options: new CopyOptions { Sparse = CopySparse.DetectZeroes }), CopyBench.Sectors);
        Assert.Null(CopyBench.FirstDifference(data, bench.ContentOf(0)));
    }
}
