using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>
/// Destinations whose zones must be written in order: a simulated disk that is said to have them, so that the engine's own rules hold. The disk has no write pointers; a null_blk device has, and
/// is not on every host.
/// </summary>
public sealed class CopyZonedTests
{
    private const int Piece = CopyBench.PieceSectors;

    [Fact]
    public async Task ZonedDestination_IsWrittenInOrder_ByItself()
    {
        using CopyBench bench = Zoned();
        CopyBench.AssertComplete(await bench.CopyAsync(), CopyBench.Sectors);
        bench.AssertCopied(1);
        AssertInOrder(bench);
    }

    [Theory]
    [InlineData(CopyReadErrorPolicy.SkipPiece)]
    [InlineData(CopyReadErrorPolicy.WriteZeroes)]
    public async Task ZonedDestination_AReadErrorCannotBeIgnored(CopyReadErrorPolicy onReadError)
    {
        using CopyBench bench = Zoned();
        bench.SourceDisk.Fail(MediumOperations.Read, 5, 5 * Piece, 1);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnReadError = onReadError });
        Assert.Equal((CopyOutcome.Failed, 5 * Piece), (result.Outcome, result.NextSector));
        Assert.Empty(result.NotRead);
        AssertInOrder(bench);

        // Nothing is written after the gap.
        bench.AssertUntouched(1, 5 * Piece, CopyBench.Sectors - (5 * Piece));
    }

    [Fact]
    public async Task ZonedDestination_IsZeroedByWrites_TheOtherZeroesItself()
    {
        using CopyBench bench = Zoned();
        CopyBench.AssertComplete(await bench.ZeroAsync(), CopyBench.Sectors);
        Assert.False(bench.ContentOf(0).AsSpan().ContainsAnyExcept((byte)0));
        Assert.False(bench.ContentOf(1).AsSpan().ContainsAnyExcept((byte)0));
        Assert.DoesNotContain(bench.DestinationDisks[0].Log, static request => request.Operation == MediumOperations.Write);
        Assert.DoesNotContain(bench.DestinationDisks[1].Log, static request => request.Operation == MediumOperations.Discard);
        AssertInOrder(bench);
    }

    [Fact]
    public async Task ZonedDestination_ThatFailed_GetsNoFurtherWrites()
    {
        using CopyBench bench = Zoned();
        bench.DestinationDisks[1].Fail(MediumOperations.Write, 5, 5 * Piece, 1, times: 1);
        CopyResult result = await bench.CopyAsync(options: new CopyOptions { OnWriteError = CopyWriteErrorPolicy.Continue });
        Assert.Equal(0b10UL, result.Failed.Value);
        Assert.Equal((5 * Piece, IoFailureCause.Zoned), (result.DestinationFailures[1].Sector, result.DestinationFailures[1].Cause));
        bench.AssertCopied(0);
        bench.AssertUntouched(1, 6 * Piece, CopyBench.Sectors - (6 * Piece));
    }

    private static CopyBench Zoned()
    {
        CopyBench bench = new(2, source: new SimulatedDiskOptions { MaxDelay = TimeSpan.FromMilliseconds(1) });
        ref DeviceGeometry geometry = ref GeometryOf(bench.Destinations[1]);
        geometry = geometry with { ZoneSectors = 4 * Piece, SequentialFrom = 0 };
        return bench;
    }

    private static void AssertInOrder(CopyBench bench)
    {
        MediumRequest[] writes = [.. bench.DestinationDisks[1].Log.Where(static request => request.Operation == MediumOperations.Write)];
        Assert.NotEmpty(writes);
        for (int i = 1; i < writes.Length; i++)
            Assert.True(writes[i].Sector > writes[i - 1].Sector && writes[i - 1].EndedBefore(writes[i]), $"{writes[i]} after {writes[i - 1]}");
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_geometry")]
    private static extern ref DeviceGeometry GeometryOf(BlockDevice device);
}
