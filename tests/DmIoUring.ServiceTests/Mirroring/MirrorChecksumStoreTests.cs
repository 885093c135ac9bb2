using DmIoUring.Services;
using DmIoUring.Services.Mirroring.Metadata;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>The checksums on the legs: which of them hold after a resync, a close, a loss of power, and when they can't be read or written.</summary>
public sealed class MirrorChecksumStoreTests
{
    private const int Eio = 5;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>What was never written may be another thing on each leg; a copy of it has no checksum, which the other leg would not match.</summary>
    [Fact]
    public async Task CopyOfWhatLegsDifferIn_HasNoChecksum()
    {
        await using MirrorBench bench = new(3);
        bench.Disks[1].Write(0, Bytes(7));
        await bench.CreateAsync(WithChecksums, new MirrorOptions { ReadPolicy = MirrorReadPolicy.RoundRobin });
        await bench.WriteAsync(8, 1);
        BlockDevice spare = bench.Open(bench.AddDisk());
        await bench.Mirror.ReplaceAsync(2, spare, cancellationToken: TestContext.Current.CancellationToken);
        await bench.ResyncAsync();
        for (int leg = 0; leg < 3; leg++)
            await bench.ReadAsync(0);
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal((0L, 0L), (leg.CorruptReads, leg.Repairs)));
        bench.Disks[1].Write(8, Bytes(9));
        for (int leg = 0; leg < 3; leg++)
            Assert.Equal(Bytes(1), await bench.ReadAsync(8));
        Assert.Equal(1, bench.Mirror.Legs[1].CorruptReads);
    }

    /// <summary>The regions that two legs were given equal after a loss of power are dirty as long as the third is away, and it gets them when it is back.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AfterALossOfPower_CopiedRegionsHaveChecksums_ThoughALegIsAway(bool isMissing)
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync(WithChecksums);
        await bench.Mirror.TakeOutAsync(2);
        await bench.WriteAsync(0, 1, flags: IoFlags.Fua);
        await bench.CrashAsync();
        await bench.OpenAsync(new MirrorOpenOptions { AllowMissing = true }, isMissing ? [0, 1] : [0, 1, 2]);
        Assert.False(bench.Mirror.Checksums!.IsKnown(0));
        await bench.ResyncAsync();
        Assert.True(bench.Mirror.Checksums.IsKnown(0));
        if (isMissing)
            await bench.Mirror.AttachAsync(bench.Open(bench.Disks[2]), TestContext.Current.CancellationToken);
        await bench.ResyncAsync();
        await bench.CloseAsync();
        await bench.OpenAsync();
        bench.Disks[2].Write(0, Bytes(9));
        bench.Disks[1].Write(0, Bytes(9));
        Assert.Equal(Bytes(1), await bench.ReadAsync(0));
    }

    /// <summary>A loss of power tears one of two at most.</summary>
    [Fact]
    public async Task Checksums_AreWrittenToALegWhenAnotherHasThem()
    {
        const long sector = Sectors + 64 - 32;
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1);
        Fault hold = bench.Disks[0].Hold(MediumOperations.Write, firstSector: sector, sectors: 8, times: 1);
        Task cleaning = bench.Mirror.CleanAsync(isLast: true);
        Assert.True(hold.WaitForHits(1, Limit));

        // What was submitted before has come when this has ended.
        Assert.True((await bench.Client.ReadAsync(new IoRegion(bench.Mirror.Legs[1].Device!, 0, 8), Bytes(0))).IsSuccess);
        Assert.DoesNotContain(bench.Disks[1].Log, static request => request.Operation == MediumOperations.Write && request.Sector == sector);
        hold.Dispose();
        await cleaning;
        Assert.Contains(bench.Disks[1].Log, static request => request.Operation == MediumOperations.Write && request.Sector == sector);
    }

    /// <summary>A block of them has those of several regions.</summary>
    [Fact]
    public async Task LossOfPowerWhileChecksumsAreWritten_LosesNoneOfCleanRegions()
    {
        for (int requests = 1; requests < 12; requests++)
        {
            await using MirrorBench bench = new(2, seed: requests);
            await bench.CreateAsync(WithChecksums);
            await bench.WriteAsync(0, 1);
            await bench.Mirror.CleanAsync(isLast: false);
            await bench.Mirror.CleanAsync(isLast: false);
            Assert.Equal(0, bench.Mirror.DirtyRegions);
            await bench.WriteAsync(RegionSectors, 2);
            bench.Simulation.CutPowerAfter(requests);
            await bench.Mirror.CleanAsync(isLast: false);
            await bench.Mirror.CleanAsync(isLast: false);
            await bench.CrashAsync();
            await bench.OpenAsync();
            Assert.True(bench.Mirror.Checksums!.IsKnown(0) || bench.Mirror.DirtyRegions == Sectors / RegionSectors, $"after {requests} requests");
        }
    }

    [Fact]
    public async Task CancelledBeforeChecksumsAreWritten_LeavesTheLegOutOfSync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums with { AssumeEqual = false });
        using CancellationTokenSource cancellation = new();
        Fault hold = bench.Disks[1].Hold(MediumOperations.Write, firstSector: Sectors - 8, sectors: 8, times: 1);
        Task<MirrorResyncResult> resync = bench.Mirror.ResyncAsync(cancellationToken: cancellation.Token);
        Assert.True(hold.WaitForHits(1, Limit));
        await cancellation.CancelAsync();
        hold.Dispose();
        Assert.Equal(MirrorResyncOutcome.Cancelled, (await resync).Outcome);
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        await bench.ResyncAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Resync_CopiesNoWrongData(bool isLarge)
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync(WithChecksums with { RegionSectors = isLarge ? 1024 : RegionSectors });
        await bench.WriteAsync(0, 1, 512);
        await bench.Mirror.TakeOutAsync(2);
        await bench.WriteAsync(8, 2);
        bench.Disks[0].Write(16, Bytes(9));
        bench.Disks[1].Write(24, Bytes(9));
        await bench.ResyncAsync();
        byte[] expected = [.. Bytes(1), .. Bytes(2), .. Bytes(1, 48)];
        Assert.Equal(expected, bench.Disks[2].Read(0, 64));
        Assert.Equal(expected, await bench.ReadAsync(0, 64));
    }

    [Fact]
    public async Task WrongDataOnTheOnlySource_KeepsTheOthersOutOfSync_AndIsNamed()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1, 64);
        await bench.Mirror.TakeOutAsync(1);
        await bench.WriteAsync(0, 1, 64);
        bench.Disks[0].Write(16, Bytes(9));
        MirrorResyncResult result = await bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((MirrorResyncOutcome.Incomplete, 16L), (result.Outcome, result.UnreadableSector));
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
    }

    /// <summary>Also what was not written since the mirror was made: it is copied, and has checksums from then on.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task AfterAResync_EveryLegHasAllChecksums(int leg)
    {
        // Those of what is written and of what is copied alone are in different blocks on the legs.
        const long size = 16 << 10, copied = size - 8;
        await using MirrorBench bench = new(2, sectors: size);
        bench.Disks[0].Write(copied, Bytes(7));
        await bench.CreateAsync(WithChecksums with { Sectors = size, AssumeEqual = false });
        await bench.WriteAsync(0, 1);
        await bench.ResyncAsync();
        await bench.Mirror.CleanAsync(isLast: false);
        await bench.Mirror.CleanAsync(isLast: false);
        await bench.CrashAsync();
        await bench.OpenAsync(new MirrorOpenOptions { AllowMissing = true }, leg);
        bench.Disks[leg].Write(0, Bytes(9));
        bench.Disks[leg].Write(copied, Bytes(9));
        Assert.False((await bench.Mirror.ReadAsync(0, 8, Bytes(0))).IsSuccess);
        Assert.False((await bench.Mirror.ReadAsync(copied, 8, Bytes(0))).IsSuccess);
    }

    [Fact]
    public async Task DegradedMirror_ThatWasClosed_HasItsChecksums_AndAfterALossOfPowerThoseOfCleanRegions()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(RegionSectors, 1);
        await bench.CloseAsync();
        await bench.OpenAsync();
        await bench.Mirror.TakeOutAsync(1);
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        bench.Disks[0].Write(0, Bytes(9));
        bench.Disks[0].Write(RegionSectors, Bytes(9));
        MirrorOpenOptions alone = new() { AllowMissing = true };
        await bench.OpenAsync(alone, 0);
        Assert.False((await bench.Mirror.ReadAsync(0, 8, Bytes(0))).IsSuccess);
        Assert.False((await bench.Mirror.ReadAsync(RegionSectors, 8, Bytes(0))).IsSuccess);
        await bench.CrashAsync();
        await bench.OpenAsync(alone, 0);
        Assert.Equal(Bytes(9), await bench.ReadAsync(0));
        Assert.False((await bench.Mirror.ReadAsync(RegionSectors, 8, Bytes(0))).IsSuccess);
    }

    [Theory]
    [InlineData(0b01)]
    [InlineData(0b10)]
    [InlineData(0b11)]
    public async Task DamagedChecksums_AreThoseOfAnotherLeg_OrNone(int legs)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        for (int leg = 0; leg < 2; leg++)
        {
            if ((legs >> leg & 1) != 0)
                bench.Disks[leg].Write(Sectors + 64 - 32, Bytes(0xff));
        }

        await bench.OpenAsync();
        bench.Disks[0].Write(0, Bytes(9));
        byte[] read = await bench.ReadAsync(0);
        Assert.Equal(Bytes(legs == 0b11 ? (byte)9 : (byte)1), read);
    }

    [Fact]
    public async Task ChecksumsInWhichLegsDiffer_AreNone()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1, 16);
        Guid mirror = bench.Mirror.Id;
        await bench.CloseAsync();
        byte[] block = bench.Disks[1].Read(Sectors + 64 - 32, 8);
        uint[] entries = new uint[ChecksumBlock.Entries];
        Assert.True(ChecksumBlock.TryRead(block, mirror, 0, entries));
        entries[0]++;
        ChecksumBlock.Write(block, mirror, 0, entries);
        bench.Disks[1].Write(Sectors + 64 - 32, block);
        await bench.OpenAsync();
        Assert.Equal((false, true), (bench.Mirror.Checksums!.IsKnown(0), bench.Mirror.Checksums.IsKnown(1)));
        Assert.Equal(Bytes(1), await bench.ReadAsync(0));
    }

    /// <summary>A leg whose checksums can't be written is left out like one that can't have the log.</summary>
    [Fact]
    public async Task ChecksumsThatCanNotBeWritten_TakeTheLegOut()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1);
        bench.Disks[1].Fail(MediumOperations.Write, Eio, firstSector: Sectors + 64 - 32, sectors: 8);
        await bench.CloseAsync();
        await bench.OpenAsync();
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(1));
        MirrorResyncResult failed = await bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((MirrorResyncOutcome.Incomplete, 0b10ul), (failed.Outcome, failed.Failed.Value));
    }

    [Fact]
    public async Task FeatureThatIsNotKnown_IsRefused()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.CloseAsync();
        byte[] block = new byte[4096];
        foreach (int slot in (int[])[0, 1])
        {
            bench.Disks[0].Read(MirrorLayout.SuperblockSector(Sectors + 64, slot), 8).CopyTo(block, 0);
            block[88] |= 0x80;
            Checksum.Seal(block, 12);
            bench.Disks[0].Write(MirrorLayout.SuperblockSector(Sectors + 64, slot), block);
        }

        MirrorException refused = await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync());
        Assert.Contains("features 0x80", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspection_SaysThatThereAreChecksums()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        Assert.True(bench.Mirror.HasChecksums);
        await bench.CloseAsync();
        MirrorInspection found = await MirrorDevice.InspectAsync(bench.Client, [bench.Open(bench.Disks[0]), bench.Open(bench.Disks[1])], TestContext.Current.CancellationToken);
        Assert.True(found.HasChecksums);
        Assert.Null(found.Refusal);
    }
}
