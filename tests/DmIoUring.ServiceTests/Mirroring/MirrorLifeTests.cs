using DmIoUring.ServiceTests.Copying;
using DmIoUring.Services;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>A mirror that is made, closed, and left by a crash; flushes that fail, and the log.</summary>
public sealed class MirrorLifeTests
{
    private const int Eio = 5;

    [Fact]
    public async Task Closed_AndOpenedAgain_NeedsNoResync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        Assert.Equal(1, bench.Mirror.DirtyRegions);
        await bench.CloseAsync();
        await bench.OpenAsync(1, 0);
        Assert.Equal(0, bench.Mirror.DirtyRegions);
        Assert.False(bench.Mirror.NeedsResync);
        Assert.Equal(Sectors, bench.Mirror.SectorCount);
        Assert.Equal(Bytes(1), await bench.ReadAsync(0));
    }

    [Fact]
    public async Task NewMirror_ReadsFromTheFirstLeg_AndCopiesItToTheOthers()
    {
        await using MirrorBench bench = new(3);
        bench.Disks[0].Write(100, Bytes(4));
        await bench.CreateAsync(isEqual: false);
        Assert.Equal([MirrorLegState.InSync, MirrorLegState.OutOfSync, MirrorLegState.OutOfSync], bench.Mirror.Legs.Select(static leg => leg.State));
        Assert.Equal(Bytes(4), await bench.ReadAsync(100));
        MirrorResyncResult result = await bench.ResyncAsync();
        Assert.Equal(Sectors / RegionSectors, result.CopiedRegions);
        Assert.Equal(0b110ul, result.InSync.Value);
        bench.AssertEqual();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Crash_LeavesTheWrittenRegionsToResync_AndNoOthers(long seed)
    {
        await using MirrorBench bench = new(2, seed);
        await bench.CreateAsync();
        for (long region = 0; region < 8; region++)
            await bench.WriteAsync(region * RegionSectors, 1);
        await bench.CloseAsync();
        await bench.OpenAsync();
        await bench.WriteAsync(3 * RegionSectors + 8, 2, sectors: 40);
        await bench.WriteAsync(5 * RegionSectors - 8, 3, sectors: 16);
        await bench.CrashAsync();
        await bench.OpenAsync();
        Assert.True(bench.Mirror.NeedsResync);
        Assert.Equal(3, bench.Mirror.DirtyRegions);
        Assert.Equal(3, (await bench.ResyncAsync()).CopiedRegions);
        bench.AssertEqual();
        Assert.False(bench.Mirror.NeedsResync);
    }

    [Fact]
    public async Task RegionsThatMayDiffer_AreReadFromOneLeg()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        await bench.CrashAsync();
        bench.Disks[0].Write(0, Bytes(10));
        bench.Disks[1].Write(0, Bytes(11));
        await bench.OpenAsync();
        for (int i = 0; i < 4; i++)
            Assert.Equal(Bytes(10), await bench.ReadAsync(0));
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task FlushThatFailsOnALeg_IsHealedByCopyingWhatWasWrittenSinceTheLastGoodOne()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        Assert.True((await bench.Mirror.FlushAsync()).IsSuccess);
        await bench.WriteAsync(RegionSectors, 2);
        bench.Disks[1].Fail(MediumOperations.Flush, Eio, times: 1);
        Assert.True((await bench.Mirror.FlushAsync()).IsSuccess);
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        Assert.NotNull(bench.Mirror.Legs[1].Device!.Doubt);
        await bench.ResyncAsync();
        Assert.Null(bench.Mirror.Legs[1].Device!.Doubt);
        Assert.Equal(Bytes(2), bench.Disks[1].ReadDurable(RegionSectors, 8));
        await bench.CloseAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task LegInDoubt_HealsNoOther()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.Mirror.TakeOutAsync(1);
        await bench.WriteAsync(0, 1);
        bench.Disks[0].Fail(MediumOperations.Flush, Eio, times: 1);
        Assert.False((await bench.Mirror.FlushAsync()).IsSuccess);
        MirrorException refused = await Assert.ThrowsAsync<MirrorException>(() => bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(MirrorRefusal.NoSource, refused.Refusal);
        Assert.Contains("doubt", refused.Message, StringComparison.Ordinal);
        BlockDevice device = bench.Mirror.Legs[0].Device!;
        Assert.True(device.AcknowledgeDoubt(device.Doubt!));
        await bench.ResyncAsync();
    }

    [Fact]
    public async Task RegionsWithoutWrites_AreCleanedByTheTimer()
    {
        await using MirrorBench bench = new(2);
        ManualTime time = new();
        await bench.CreateAsync(new MirrorOptions { CleanAfter = TimeSpan.FromSeconds(1), TimeProvider = time });
        await bench.WriteAsync(0, 1);
        for (int period = 0; bench.Mirror.DirtyRegions > 0; period++)
        {
            Assert.True(period < 1000, "the region was never cleaned");
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        // In memory first, then on the medium.
        Assert.True(await bench.Mirror.CommitAsync());
        await bench.CrashAsync();
        await bench.OpenAsync();
        Assert.False(bench.Mirror.NeedsResync);
        bench.AssertEqual();
        Assert.Equal(Bytes(1), await bench.ReadAsync(0));
    }

    [Fact]
    public async Task DamagedLog_MakesAllItsRegionsSuspect()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        foreach (SimulatedDisk disk in bench.Disks)
            disk.Write(Sectors + 64 - 24, Bytes(0xff));
        await bench.OpenAsync();
        Assert.Equal(Sectors / RegionSectors, bench.Mirror.DirtyRegions);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task OneDamagedCopyOfTheLog_IsMadeUpForByAnother()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        await bench.CrashAsync();
        bench.Disks[1].Write(Sectors + 64 - 24, Bytes(0xff));
        await bench.OpenAsync();
        Assert.Equal(1, bench.Mirror.DirtyRegions);
    }

    [Fact]
    public async Task LogInMemory_WritesNothingToTheLegsButData()
    {
        await using MirrorBench bench = new(2);
        bench.Disks.Add(bench.AddDisk());
        await using MirrorDevice mirror = await MirrorDevice.CreateAsync(
            bench.Client, [bench.Open(bench.Disks[0]), bench.Open(bench.Disks[1])], new MirrorCreateOptions { LogInMemory = true, RegionSectors = RegionSectors }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Sectors + 64, mirror.SectorCount);
        Assert.True((await mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        bench.Disks.ForEach(static disk => disk.ClearLog());
        Assert.True((await mirror.WriteAsync(mirror.SectorCount - 8, 8, Bytes(1))).IsSuccess);
        bench.Disks[1].Fail(MediumOperations.Write, Eio, times: 1);
        Assert.True((await mirror.WriteAsync(0, 8, Bytes(2))).IsSuccess);
        Assert.Equal(MirrorLegState.OutOfSync, mirror.Legs[1].State);
        await mirror.ReplaceAsync(1, bench.Open(bench.Disks[2]), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(2, bench.Disks[0].Log.Count(static request => request.Operation == MediumOperations.Write));
        Assert.True((await mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        Assert.Equal(bench.Disks[0].Read(0, Sectors + 64), bench.Disks[2].Read(0, Sectors + 64));
    }
}
