using DmIoUring.Services;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>Legs that are replaced, and resyncs that meet failures, load and their end.</summary>
public sealed class MirrorReplaceTests
{
    private const int Eio = 5;

    [Fact]
    public async Task LegThatComesIntoSync_HasTheLogBeforeItSaysSo()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.Mirror.TakeOutAsync(1);
        await bench.WriteAsync(0, 1);
        Fault hold = bench.Disks[1].Hold(MediumOperations.Flush, times: 1);
        Task<MirrorResyncResult> resync = bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(hold.WaitForHits(1, TimeSpan.FromSeconds(30)));

        // A write to a clean region has taken its block of the log, and waits for the medium, when the resync ends.
        Fault log = bench.Disks[0].Hold(MediumOperations.Write, firstSector: Sectors + 64 - 24, sectors: 8, times: 1);
        Task<MirrorResult> write = bench.Mirror.WriteAsync(5 * RegionSectors, 8, Bytes(2)).AsTask();
        Assert.True(log.WaitForHits(1, TimeSpan.FromSeconds(30)));
        bench.Disks[1].ClearLog();
        hold.Dispose();
        Assert.True(SpinWait.SpinUntil(() => bench.State(1) == MirrorLegState.InSync, TimeSpan.FromSeconds(30)));
        log.Dispose();
        Assert.True((await write).IsSuccess);
        Assert.True((await resync).IsComplete);
        long[] metadata = [.. bench.Disks[1].Log.Where(static request => request.Operation == MediumOperations.Write && request.Sector >= Sectors + 64 - 24).Select(static request => request.Sector)];
        Assert.Equal(Sectors + 64 - 24, metadata[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task BadSuperblockOfTheLastLeg_IsMadeUpForByTheOther(int slot)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        bench.Disks[0].Fail(MediumOperations.Write, Eio, firstSector: Sectors + 64 - 16 + slot * 8, sectors: 8);
        await bench.Mirror.TakeOutAsync(1);
        await bench.WriteAsync(0, 1);
        await bench.CrashAsync();
        await bench.OpenAsync();
        Assert.Equal([MirrorLegState.InSync, MirrorLegState.OutOfSync], bench.Mirror.Legs.Select(static leg => leg.State));
    }

    [Fact]
    public async Task LegsOwnDevice_TakesItsPlace_OnlyWhenItIsOut()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        BlockDevice same = bench.Open(bench.Disks[1]);
        Assert.Equal(MirrorRefusal.SameDevice, (await Assert.ThrowsAsync<MirrorException>(() => bench.Mirror.ReplaceAsync(1, same, overwrite: true, TestContext.Current.CancellationToken))).Refusal);
        await bench.Mirror.TakeOutAsync(1);
        await bench.Mirror.ReplaceAsync(1, same, overwrite: true, TestContext.Current.CancellationToken);
        Assert.True(bench.Mirror.Legs[1].NeedsFullResync);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task Progress_ThatThrows_EndsNoResync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(isEqual: false);
        MirrorResyncOptions options = new() { Progress = new Told(static _ => throw new InvalidOperationException("of the listener")) };
        Assert.True((await bench.Mirror.ResyncAsync(options, TestContext.Current.CancellationToken)).IsComplete);
    }

    [Fact]
    public async Task LateFailureOfAReplacedDevice_LeavesItsReplacementAlone()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        Fault hold = bench.Disks[1].Hold(MediumOperations.Write, firstSector: 0, sectors: 8, times: 1);
        Task<MirrorResult> write = bench.Mirror.WriteAsync(0, 8, Bytes(1)).AsTask();
        Assert.True(hold.WaitForHits(1, TimeSpan.FromSeconds(30)));
        bench.Disks.Add(bench.AddDisk());
        await bench.Mirror.ReplaceAsync(1, bench.Open(bench.Disks[2]), cancellationToken: TestContext.Current.CancellationToken);
        Task<MirrorResyncResult> resync = bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => bench.State(1) == MirrorLegState.Resyncing, TimeSpan.FromSeconds(30)));
        bench.Disks[1].CutPower();
        Assert.True((await write).IsSuccess);
        Assert.True((await resync).IsComplete);
        Assert.Equal(MirrorLegState.InSync, bench.State(1));
        bench.AssertEqual(0, 2);
    }

    [Fact]
    public async Task ReplacedLeg_GetsAll_AndTheOldDeviceIsForeign()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(777, 1);
        bench.Disks.Add(bench.AddDisk());
        await bench.Mirror.ReplaceAsync(1, bench.Open(bench.Disks[2]), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        Assert.Equal(Sectors / RegionSectors, (await bench.ResyncAsync()).CopiedRegions);
        bench.AssertEqual(0, 2);
        await bench.CloseAsync();
        Assert.Equal(MirrorRefusal.Foreign, (await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync(0, 1))).Refusal);
        await bench.OpenAsync(0, 2);
        Assert.False(bench.Mirror.NeedsResync);
    }

    [Fact]
    public async Task ReplacedLeg_IsLackingAll_AfterACrashInTheMiddleOfItsResync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(777, 1, flags: IoFlags.Fua);
        bench.Disks.Add(bench.AddDisk());
        await bench.Mirror.ReplaceAsync(1, bench.Open(bench.Disks[2]), cancellationToken: TestContext.Current.CancellationToken);
        bench.Disks[2].CutPowerAfter(5, MediumOperations.Write);
        Assert.False((await bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        await bench.CrashAsync();
        await bench.OpenAsync(0, 2);
        Assert.True(bench.Mirror.Legs[1].NeedsFullResync);
        await bench.ResyncAsync();
        bench.AssertEqual(0, 2);
    }

    [Fact]
    public async Task SectorThatNoLegCanRead_KeepsTheOtherOutOfSync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.Mirror.TakeOutAsync(1);
        await bench.WriteAsync(0, 1, sectors: 64);
        Fault fault = bench.Disks[0].Fail(MediumOperations.Read, Eio, firstSector: 24, sectors: 1);
        MirrorResyncResult result = await bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(result.IsComplete);
        Assert.Equal(24, result.UnreadableSector);
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        fault.Dispose();
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task TwoSourcesWithDifferentBadSectors_HealTheThird()
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync();
        await bench.Mirror.TakeOutAsync(2);
        await bench.WriteAsync(0, 1, sectors: 64);
        bench.Disks[0].Fail(MediumOperations.Read, Eio, firstSector: 8, sectors: 8);
        bench.Disks[1].Fail(MediumOperations.Read, Eio, firstSector: 32, sectors: 8);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task Resync_UnderLoad_LeavesTheLegsEqual()
    {
        await using MirrorBench bench = new(3, disk: new SimulatedDiskOptions { MaxDelay = TimeSpan.FromMicroseconds(200) });
        await bench.CreateAsync(isEqual: false);
        using CancellationTokenSource end = new();
        Task[] writers = [.. Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            Random random = new(writer);
            while (!end.IsCancellationRequested)
                await bench.WriteAsync(random.NextInt64(0, Sectors - 32), (byte)random.Next(), random.Next(1, 32));
        }))];
        await bench.ResyncAsync();
        await end.CancelAsync();
        await Task.WhenAll(writers);
        bench.AssertEqual();
    }

    [Fact]
    public async Task Resync_Cancelled_LeavesTheLegOutOfSync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(isEqual: false);
        using CancellationTokenSource cancellation = new();
        MirrorResyncOptions options = new() { Progress = new Told(_ => cancellation.Cancel()) };
        MirrorResyncResult result = await bench.Mirror.ResyncAsync(options, cancellation.Token);
        Assert.True(result.Outcome == MirrorResyncOutcome.Cancelled, result.ToString());
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        Assert.True(bench.Mirror.Legs[1].NeedsFullResync);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task Dispose_DuringAResync_EndsIt()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(isEqual: false);
        TaskCompletionSource begun = new();
        Task<MirrorResyncResult> resync = bench.Mirror.ResyncAsync(new MirrorResyncOptions { Progress = new Told(_ => begun.TrySetResult()) }, TestContext.Current.CancellationToken);
        await begun.Task;
        await bench.Mirror.DisposeAsync();
        await resync;
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await bench.Mirror.WriteAsync(0, 8, Bytes(1)));
    }

    private sealed class Told(Action<MirrorResyncProgress> tell) : IProgress<MirrorResyncProgress>
    {
        public void Report(MirrorResyncProgress value) => tell(value);
    }
}
