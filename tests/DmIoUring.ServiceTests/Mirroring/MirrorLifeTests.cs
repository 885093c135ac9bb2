using DmIoUring.Services;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>A mirror that is closed, crashes, loses legs and gets them back.</summary>
public sealed class MirrorLifeTests
{
    private const int Eio = 5;
    private static readonly MirrorOpenOptions Degraded = new() { AllowMissing = true };

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
    public async Task LegThatWasAway_IsBroughtUpToDateByWhatTheLogSays()
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        await bench.OpenAsync(Degraded, 0, 2);
        Assert.Equal(MirrorLegState.Missing, bench.State(1));
        await bench.WriteAsync(2 * RegionSectors, 2);
        await bench.WriteAsync(9 * RegionSectors, 3);
        await bench.CloseAsync();

        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        Assert.False(bench.Mirror.Legs[1].NeedsFullResync);
        Assert.Equal(2, (await bench.ResyncAsync()).CopiedRegions);
        bench.AssertEqual();
    }

    [Fact]
    public async Task LegThatComesBackWhileTheMirrorIsOpen_IsAttached()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        await bench.OpenAsync(Degraded, 0);
        await bench.WriteAsync(0, 1);
        Assert.Equal(1, await bench.Mirror.AttachAsync(bench.Open(bench.Disks[1]), TestContext.Current.CancellationToken));
        Assert.Equal(1, (await bench.ResyncAsync()).CopiedRegions);
        bench.AssertEqual();
    }

    [Fact]
    public async Task OldCopyOfALeg_IsCopiedAsAWhole()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        byte[] backup = bench.Disks[1].Read(0, Sectors + 64);
        await bench.OpenAsync();
        await bench.WriteAsync(RegionSectors, 2);
        await bench.CloseAsync();
        await bench.OpenAsync(Degraded, 0);
        await bench.CloseAsync();
        bench.Disks[1].Write(0, backup);
        await bench.OpenAsync();
        Assert.True(bench.Mirror.Legs[1].NeedsFullResync);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task OldCopyOfALegThatWasNeverMissing_IsCopiedAsAWhole()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        byte[] backup = bench.Disks[1].Read(0, Sectors + 64);
        await bench.OpenAsync();
        await bench.WriteAsync(RegionSectors, 2);
        await bench.CloseAsync();
        bench.Disks[1].Write(0, backup);
        await bench.OpenAsync();
        Assert.True(bench.Mirror.Legs[1].NeedsFullResync);
        await bench.ResyncAsync();
        bench.AssertEqual();
    }

    [Fact]
    public async Task LegThatIsHalfResynchronized_IsNoMirrorByItself()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.Mirror.TakeOutAsync(1);
        for (long region = 0; region < 6; region++)
            await bench.WriteAsync(region * RegionSectors, 1);
        bench.Disks[0].Fail(MediumOperations.Read, Eio, firstSector: 4 * RegionSectors, sectors: RegionSectors);
        Assert.False((await bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        await bench.CrashAsync();
        Assert.Equal(MirrorRefusal.NoSource, (await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync(Degraded, 1))).Refusal);
    }

    [Fact]
    public async Task LegThatMissedAChangeAndWasUsedAlone_IsASplit()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        Fault fault = bench.Disks[1].Fail(MediumOperations.Write, Eio);
        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        fault.Dispose();
        await bench.OpenAsync(Degraded, 1);
        await bench.WriteAsync(5 * RegionSectors, 2);
        await bench.CloseAsync();
        Assert.Equal(MirrorRefusal.Split, (await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync())).Refusal);
        await bench.OpenAsync(Degraded, 0);
        Assert.Equal(MirrorRefusal.Split, (await Assert.ThrowsAsync<MirrorException>(() => bench.Mirror.AttachAsync(bench.Open(bench.Disks[1]), TestContext.Current.CancellationToken))).Refusal);
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
    public async Task SplitMirror_IsRefusedUntilOneHalfIsTrusted()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        for (int half = 0; half < 2; half++)
        {
            await bench.OpenAsync(Degraded, half);
            await bench.WriteAsync(half * RegionSectors, (byte)(half + 1));
            await bench.CloseAsync();
        }

        MirrorException refused = await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync());
        Assert.Equal(MirrorRefusal.Split, refused.Refusal);

        // Nothing was written: the other order is refused as well.
        refused = await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync(1, 0));
        Assert.Equal(MirrorRefusal.Split, refused.Refusal);
        BlockDevice trusted = bench.Open(bench.Disks[1]);
        await using MirrorDevice mirror = await MirrorDevice.OpenAsync(
            bench.Client, [bench.Open(bench.Disks[0]), trusted], new MirrorOpenOptions { Trusted = trusted }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([MirrorLegState.OutOfSync, MirrorLegState.InSync], mirror.Legs.Select(static leg => leg.State));
        Assert.True(mirror.Legs[0].NeedsFullResync);
        Assert.True((await mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken)).IsComplete);
        bench.AssertEqual();
        Assert.Equal(Bytes(2), bench.Disks[0].Read(RegionSectors, 8));
        Assert.Equal(Bytes(0), bench.Disks[0].Read(0, 8));
    }

    [Fact]
    public async Task TrustedHalf_IsNotAskedAgain_WhenItWasTrustedBefore()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        foreach (int half in (int[])[0, 1, 1, 1])
        {
            await bench.OpenAsync(Degraded, half);
            await bench.WriteAsync(0, (byte)half);
            await bench.CloseAsync();
        }

        BlockDevice trusted = bench.Open(bench.Disks[0]);
        await using (await MirrorDevice.OpenAsync(
            bench.Client, [trusted, bench.Open(bench.Disks[1])], new MirrorOpenOptions { Trusted = trusted }, cancellationToken: TestContext.Current.CancellationToken))
        {
        }

        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        await bench.ResyncAsync();
        bench.AssertEqual();
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
        Assert.True(result.IsCancelled, result.ToString());
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

    [Fact]
    public async Task RegionsWithoutWrites_AreCleanedByTheTimer()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(new MirrorOptions { CleanAfter = TimeSpan.FromMilliseconds(20) });
        await bench.WriteAsync(0, 1);
        Assert.True(SpinWait.SpinUntil(() => bench.Mirror.DirtyRegions == 0, TimeSpan.FromSeconds(30)));
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

    private sealed class Told(Action<MirrorResyncProgress> tell) : IProgress<MirrorResyncProgress>
    {
        public void Report(MirrorResyncProgress value) => tell(value);
    }
}
