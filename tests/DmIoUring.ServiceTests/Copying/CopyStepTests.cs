using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>Each step of a job fails once, by itself, with each shape and each policy.</summary>
public sealed class CopyStepTests
{
    private const int EIO = 5;
    private const int Piece = CopyBench.PieceSectors;
    private const int Pieces = 6;

    public static TheoryData<CopyWay, bool, int> All => Shapes.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task EachStep_Fails_TheResultSaysWhichAndWhere(CopyWay way, bool isSequential, int destinations)
    {
        foreach (CopyWriteErrorPolicy onWrite in Enum.GetValues<CopyWriteErrorPolicy>())
        {
            foreach (CopyReadErrorPolicy onRead in Enum.GetValues<CopyReadErrorPolicy>())
            {
                CopyOptions options = new() { OnReadError = onRead, OnWriteError = onWrite, SequentialWrites = isSequential, Flush = true };
                using CopyBench bench = new(destinations, sectors: Pieces * Piece);
                for (int piece = 0; piece < Pieces; piece++)
                    await FailReadAsync(bench, way, options, piece);
                for (int piece = 0; piece < Pieces; piece++)
                    await FailWriteAsync(bench, way, options, piece, destination: (piece + destinations) % destinations);
                await FailFlushAsync(bench, way, options, destinations - 1);
            }
        }
    }

    private static async Task FailReadAsync(CopyBench bench, CopyWay way, CopyOptions options, int piece)
    {
        CopyResult result;
        using (bench.SourceDisk.Fail(MediumOperations.Read, EIO, (piece * Piece) + 2, 1))
            result = await bench.CopyAsync(way, options);
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.True(result.Failed.IsEmpty);
        Assert.Equal(EIO, result.SourceFailure.Errno);
        Assert.Equal((piece * Piece) + (options.OnReadError == CopyReadErrorPolicy.WriteZeroes ? 2 : 0), result.SourceFailure.Sector);
        Assert.Equal(options.OnReadError == CopyReadErrorPolicy.Stop ? piece * Piece : Pieces * Piece, result.NextSector);
        Assert.Equal(
            options.OnReadError switch
            {
                CopyReadErrorPolicy.Stop => [],
                CopyReadErrorPolicy.SkipPiece => [new CopyRange(piece * Piece, Piece)],
                _ => [new CopyRange((piece * Piece) + 2, 1)],
            },
            result.NotRead);
    }

    private static async Task FailWriteAsync(CopyBench bench, CopyWay way, CopyOptions options, int piece, int destination)
    {
        CopyResult result;
        using (bench.DestinationDisks[destination].Fail(MediumOperations.Write, EIO, piece * Piece, 1))
            result = await bench.CopyAsync(way, options);
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.Equal(1UL << destination, result.Failed.Value);
        Assert.Equal((piece * Piece, EIO), (result.DestinationFailures[destination].Sector, result.DestinationFailures[destination].Errno));
        Assert.Equal(IoFailureCause.None, result.SourceFailure.Cause);
        bool goesOn = options.OnWriteError == CopyWriteErrorPolicy.Continue || (options.OnWriteError == CopyWriteErrorPolicy.DropDestination && bench.Destinations.Length > 1);
        if (options.SequentialWrites && bench.Destinations.Length == 1)
            goesOn = false;
        if (goesOn)
            Assert.Equal(Pieces * Piece, result.NextSector);
        else if (options.OnWriteError != CopyWriteErrorPolicy.Continue)
            Assert.Equal(piece * Piece, result.NextSector);
    }

    private static async Task FailFlushAsync(CopyBench bench, CopyWay way, CopyOptions options, int destination)
    {
        CopyResult result;
        using (bench.DestinationDisks[destination].Fail(MediumOperations.Flush, EIO))
            result = await bench.CopyAsync(way, options);
        Assert.Equal(CopyOutcome.Failed, result.Outcome);
        Assert.Equal(1UL << destination, result.Failed.Value);
        Assert.Equal(Pieces * Piece, result.NextSector);
    }
}
