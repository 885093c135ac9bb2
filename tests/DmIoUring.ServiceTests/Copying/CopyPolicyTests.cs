using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>What a job does about failures.</summary>
public sealed class CopyPolicyTests
{
    private const int EIO = 5;
    private const int Piece = CopyBench.PieceSectors;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Skip_LeavesThePieceOut_AndTellsIt(bool isSequential)
    {
        using CopyBench bench = new(3);
        bench.SourceDisk.Fail(MediumOperations.Read, EIO, (5 * Piece) + 3, 1);
        bench.SourceDisk.Fail(MediumOperations.Read, EIO, 6 * Piece, 1);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnReadError = CopyReadErrorPolicy.SkipPiece, SequentialWrites = isSequential });
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.Equal(5 * Piece, result.SourceFailure.Sector);
        Assert.Equal([new CopyRange(5 * Piece, 2 * Piece)], result.NotRead);
        Assert.Equal(CopyBench.Sectors - (2 * Piece), result.SectorsCopied);
        Assert.Equal(CopyBench.Sectors, result.NextSector);
        for (int i = 0; i < 3; i++)
        {
            bench.AssertUntouched(i, 5 * Piece, 2 * Piece);
            Assert.Null(CopyBench.FirstDifference(CopyBench.Part(bench.Data, 0, 5 * Piece), bench.ContentOf(i)));
            Assert.Null(CopyBench.FirstDifference(CopyBench.Part(bench.Data, 7 * Piece, 9 * Piece), CopyBench.Part(bench.ContentOf(i), 7 * Piece, 9 * Piece)));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WriteZeroes_ZeroesTheBadSectors_AndKeepsWhatWasRead(bool isSequential)
    {
        using CopyBench bench = new(2);
        bench.SourceDisk.Fail(MediumOperations.Read, EIO, (5 * Piece) + 3, 1);
        bench.SourceDisk.Fail(MediumOperations.Read, EIO, (9 * Piece) + 6, 2);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnReadError = CopyReadErrorPolicy.WriteZeroes, SequentialWrites = isSequential });
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.Equal(new IoFailure(0, (5 * Piece) + 3, EIO, IoFailureCause.Device), result.SourceFailure);
        Assert.Equal([new CopyRange((5 * Piece) + 3, 1), new CopyRange((9 * Piece) + 6, 2)], result.NotRead);
        Assert.Equal(CopyBench.Sectors - 3, result.SectorsCopied);
        Assert.Equal(CopyBench.Sectors, result.NextSector);
        byte[] expected = [.. bench.Data];
        foreach (CopyRange range in result.NotRead)
            expected.AsSpan((int)range.Sector * 512, (int)range.Count * 512).Clear();
        for (int i = 0; i < 2; i++)
            Assert.Null(CopyBench.FirstDifference(expected, bench.ContentOf(i)));
    }

    [Fact]
    public async Task WriteZeroes_ReadSucceedsTheSecondTime_IsNoFailure()
    {
        using CopyBench bench = new();
        bench.SourceDisk.Fail(MediumOperations.Read, EIO, 5 * Piece, 1, times: 1);
        CopyBench.AssertComplete(await bench.CopyAsync(options: new CopyOptions { OnReadError = CopyReadErrorPolicy.WriteZeroes }), CopyBench.Sectors);
        bench.AssertCopied(0);
    }

    [Fact]
    public async Task WriteZeroes_NothingCanBeRead_ZeroesAll()
    {
        using CopyBench bench = new();
        bench.SourceDisk.Fail(MediumOperations.Read, EIO);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnReadError = CopyReadErrorPolicy.WriteZeroes });
        Assert.Equal([new CopyRange(0, CopyBench.Sectors)], result.NotRead);
        Assert.Equal(0, result.SectorsCopied);
        Assert.Equal(CopyBench.Sectors, result.NextSector);
        Assert.False(bench.ContentOf(0).AsSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Drop_GoesOnWithTheOthers(bool isSequential)
    {
        using CopyBench bench = new(3);
        using Fault fault = bench.DestinationDisks[1].Fail(MediumOperations.Write, EIO, 5 * Piece, Piece);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnWriteError = CopyWriteErrorPolicy.DropDestination, SequentialWrites = isSequential });
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.Equal(0b010UL, result.Failed.Value);
        Assert.Equal(5 * Piece, result.DestinationFailures[1].Sector);
        Assert.Equal(CopyBench.Sectors, result.SectorsCopied);
        Assert.Equal(CopyBench.Sectors, result.NextSector);
        bench.AssertCopied(0);
        bench.AssertCopied(2);
        Assert.Null(CopyBench.FirstDifference(CopyBench.Part(bench.Data, 0, 5 * Piece), bench.ContentOf(1)));
        Assert.Equal(1, fault.Hits);
        int window = isSequential ? 0 : 4 * Piece;
        bench.AssertUntouched(1, (6 * Piece) + window, CopyBench.Sectors - (6 * Piece) - window);
    }

    [Fact]
    public async Task Drop_AllFailed_Ends()
    {
        using CopyBench bench = new(2);
        bench.DestinationDisks[0].Fail(MediumOperations.Write, EIO, 2 * Piece, 1);
        bench.DestinationDisks[1].Fail(MediumOperations.Write, EIO, 4 * Piece, 1);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnWriteError = CopyWriteErrorPolicy.DropDestination });
        Assert.Equal(0b11UL, result.Failed.Value);

        // What was in flight may have gone to the one whose failure was not known yet.
        Assert.InRange(result.NextSector, 4 * Piece, 9 * Piece);
        Assert.True(result.SectorsCopied < CopyBench.Sectors);
    }

    [Fact]
    public async Task Continue_WritesAllThatCanBeWritten()
    {
        using CopyBench bench = new(2);
        bench.DestinationDisks[1].Fail(MediumOperations.Write, EIO, 5 * Piece, Piece);
        bench.DestinationDisks[1].Fail(MediumOperations.Write, EIO, 9 * Piece, Piece);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnWriteError = CopyWriteErrorPolicy.Continue });
        Assert.Equal(0b10UL, result.Failed.Value);
        Assert.Equal(5 * Piece, result.DestinationFailures[1].Sector);
        Assert.Equal(CopyBench.Sectors, result.NextSector);
        bench.AssertCopied(0);
        byte[] expected = [.. bench.Data];
        CopyBench.Part(bench.Before, 5 * Piece, Piece).CopyTo(expected.AsSpan(5 * CopyBench.PieceBytes));
        CopyBench.Part(bench.Before, 9 * Piece, Piece).CopyTo(expected.AsSpan(9 * CopyBench.PieceBytes));
        Assert.Null(CopyBench.FirstDifference(expected, bench.ContentOf(1)));
    }

    [Fact]
    public async Task Unsupported_HasItsOwnBits()
    {
        using CopyBench bench = new(2);
        bench.DestinationDisks[0].Fail(MediumOperations.Write, 22, 0, 1);
        CopyResult result = await bench.CopyAsync();
        Assert.Equal((0UL, 0b01UL), (result.Failed.Value, result.Unsupported.Value));
        Assert.Equal(22, result.DestinationFailures[0].Errno);
    }

    [Fact]
    public async Task Continue_InsideAPieceOfZeroes_GoesOnToo()
    {
        using CopyBench bench = new();
        bench.DestinationDisks[0].Fail(MediumOperations.Discard, 22);
        bench.DestinationDisks[0].Fail(MediumOperations.Write, EIO, 5 * Piece, Piece);
        CopyResult result = await bench.ZeroAsync(options: new CopyOptions { OnWriteError = CopyWriteErrorPolicy.Continue });
        Assert.Equal((0b1UL, 5L * Piece), (result.Failed.Value, result.DestinationFailures[0].Sector));
        byte[] expected = new byte[bench.Data.Length];
        CopyBench.Part(bench.Before, 5 * Piece, Piece).CopyTo(expected.AsSpan(5 * CopyBench.PieceBytes));
        Assert.Null(CopyBench.FirstDifference(expected, bench.ContentOf(0)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sequential_WritesAscending_OneAtATime(bool isSequential)
    {
        using CopyBench bench = new(destination: new SimulatedDiskOptions { MaxDelay = TimeSpan.FromMilliseconds(2) }, source: new SimulatedDiskOptions { MaxDelay = TimeSpan.FromMilliseconds(2) });
        CopyBench.AssertComplete(await bench.CopyAsync(options: new CopyOptions { SequentialWrites = isSequential }), CopyBench.Sectors);
        bench.AssertCopied(0);
        MediumRequest[] writes = [.. bench.DestinationDisks[0].Log.Where(static request => request.Operation == MediumOperations.Write)];
        Assert.Equal(CopyBench.Pieces, writes.Length);
        if (!isSequential)
            return;
        for (int i = 1; i < writes.Length; i++)
        {
            Assert.True(writes[i].Sector > writes[i - 1].Sector, $"{writes[i]} after {writes[i - 1]}");
            Assert.True(writes[i - 1].EndedBefore(writes[i]), $"{writes[i]} while {writes[i - 1]}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Flush_MakesDurable_AndItsFailureIsABit(bool fails)
    {
        using CopyBench bench = new(2);
        if (fails)
            bench.DestinationDisks[1].Fail(MediumOperations.Flush, EIO);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { Flush = true });
        Assert.Equal(fails ? CopyOutcome.Failed : CopyOutcome.Complete, result.Outcome);
        Assert.Equal(fails ? 0b10UL : 0, result.Failed.Value);
        Assert.Equal(CopyBench.Sectors, result.NextSector);
        Assert.Equal(bench.Data, bench.DestinationDisks[0].ReadDurable(0, CopyBench.Sectors));
        if (fails)
            Assert.Equal((EIO, 0L), (result.DestinationFailures[1].Errno, result.DestinationFailures[1].Sector));
    }

    [Fact]
    public async Task Flush_LeavesFailedDestinationsAlone()
    {
        using CopyBench bench = new(2);
        bench.DestinationDisks[0].Fail(MediumOperations.Write, EIO, 0, 1);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { Flush = true, OnWriteError = CopyWriteErrorPolicy.DropDestination });
        Assert.Equal(0b01UL, result.Failed.Value);
        Assert.DoesNotContain(bench.DestinationDisks[0].Log, static request => request.Operation == MediumOperations.Flush);
        Assert.Contains(bench.DestinationDisks[1].Log, static request => request.Operation == MediumOperations.Flush);
    }
}
