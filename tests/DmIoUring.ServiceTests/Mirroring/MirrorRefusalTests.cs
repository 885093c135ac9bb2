using DmIoUring.Services;
using DmIoUring.Services.Mirroring.Metadata;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>What a mirror refuses: with the values, and before anything is written.</summary>
public sealed class MirrorRefusalTests
{
    private static readonly MirrorCreateOptions Small = new() { Sectors = Sectors, RegionSectors = RegionSectors, AssumeEqual = true };

    public static TheoryData<string, string> BadLegs => new()
    {
        { "same", "same device" },
        { "read-only", "reading only" },
        { "large-blocks", "8192" },
        { "too-small", "do not fit" },
        { "tiny", "do not fit" },
        { "in-use", "belongs to mirror" },
    };

    public static TheoryData<int> BadCounts => [0, 1, 65];

    [Theory]
    [MemberData(nameof(BadLegs))]
    public async Task Create_OnALegThatCanBeNone_IsRefused_AndNothingIsWritten(string what, string words)
    {
        await using MirrorBench bench = new(2);
        List<BlockDevice> legs = [bench.Open(bench.Disks[0])];
        MirrorCreateOptions create = Small;
        switch (what)
        {
            case "same":
                legs.Add(bench.Open(bench.Disks[0]));
                break;
            case "read-only":
                legs.Add(bench.Disks[1].Open(DeviceAccess.Read));
                break;
            case "large-blocks":
                legs.Add(bench.Open(bench.AddDisk(new SimulatedDiskOptions { LogicalBlockSize = 8192 })));
                break;
            case "too-small":
                legs.Add(bench.Open(bench.Simulation.AddDisk(Sectors * IoRegion.SectorSize)));
                break;
            case "tiny":
                legs.Add(bench.Open(bench.Simulation.AddDisk(8192)));
                create = new MirrorCreateOptions();
                break;
            default:
                await bench.CreateAsync(Small);
                await bench.CloseAsync();
                legs = [bench.Open(bench.Disks[0]), bench.Open(bench.Disks[1])];
                break;
        }

        bench.Disks.ForEach(static disk => disk.ClearLog());
        MirrorException refused = await Assert.ThrowsAsync<MirrorException>(() => MirrorDevice.CreateAsync(bench.Client, legs, create, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.All(bench.Disks, static disk => Assert.DoesNotContain(disk.Log, static request => request.Operation != MediumOperations.Read));
        legs.ForEach(static leg => leg.Dispose());
    }

    [Theory]
    [MemberData(nameof(BadCounts))]
    public async Task Create_OfTooFewOrTooManyLegs_Throws(int legs)
    {
        await using MirrorBench bench = new(legs);
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => bench.CreateAsync(Small));
        Assert.Contains($"{legs} legs", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-8, 0)]
    [InlineData(4, 0)]
    [InlineData(0, 100)]
    [InlineData(0, 64)]
    [InlineData(0, 1L << 22)]
    public async Task Create_WithSizesThatCanNotBe_Throws(long sectors, long regionSectors)
    {
        await using MirrorBench bench = new(2);
        await Assert.ThrowsAsync<ArgumentException>(() => bench.CreateAsync(new MirrorCreateOptions { Sectors = sectors, RegionSectors = regionSectors }));
    }

    [Fact]
    public async Task Create_Overwrite_TakesALegOfAnotherMirror()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(Small);
        await bench.CloseAsync();
        await bench.CreateAsync(Small with { Overwrite = true });
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        await bench.OpenAsync();
        Assert.False(bench.Mirror.NeedsResync);
    }

    [Theory]
    [InlineData("never", MirrorRefusal.NoMetadata, "magic")]
    [InlineData("both-damaged", MirrorRefusal.NoMetadata, "checksum")]
    [InlineData("version", MirrorRefusal.NoMetadata, "version 2")]
    [InlineData("other-mirror", MirrorRefusal.Foreign, "belongs to mirror")]
    [InlineData("copy", MirrorRefusal.Foreign, "copies of one leg")]
    [InlineData("missing", MirrorRefusal.Missing, "leg 1")]
    [InlineData("only-stale", MirrorRefusal.NoSource, "out of sync")]
    public async Task Open_OfWhatIsNoMirror_IsRefused_AndNothingIsWritten(string what, MirrorRefusal refusal, string words)
    {
        await using MirrorBench bench = new(2);
        int[] legs = [0, 1];
        await bench.CreateAsync(Small with { AssumeEqual = what is not "only-stale" });
        await bench.CloseAsync();
        SimulatedDisk second = bench.Disks[1];
        switch (what)
        {
            case "never":
                second.Write(Sectors + 64 - 16, Bytes(0, 16));
                break;
            case "both-damaged":
                Flip(second, 0, at: 200);
                Flip(second, 1, at: 4000);
                break;
            case "version":
                foreach (int slot in (int[])[0, 1])
                    Rewrite(second, slot);
                break;
            case "other-mirror":
                bench.Disks.Add(bench.AddDisk());
                bench.Disks.Add(bench.AddDisk());
                await using (await MirrorDevice.CreateAsync(bench.Client, [bench.Open(bench.Disks[2]), bench.Open(bench.Disks[3])], Small, cancellationToken: TestContext.Current.CancellationToken))
                {
                }

                legs = [0, 2];
                break;
            case "copy":
                second.Write(0, bench.Disks[0].Read(0, Sectors + 64));
                break;
            case "missing":
                legs = [0];
                break;
            default:
                legs = [1];
                break;
        }

        bench.Disks.ForEach(static disk => disk.ClearLog());
        MirrorException refused = await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync(what is "only-stale" ? new MirrorOpenOptions { AllowMissing = true } : null, legs));
        Assert.Equal(refusal, refused.Refusal);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.All(bench.Disks, static disk => Assert.DoesNotContain(disk.Log, static request => request.Operation != MediumOperations.Read));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Open_WithOneDamagedSuperblock_UsesTheOther(int slot)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(Small);
        await bench.CloseAsync();
        foreach (SimulatedDisk disk in bench.Disks)
            Flip(disk, slot, at: 100);
        await bench.OpenAsync();
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal(MirrorLegState.InSync, leg.State));
    }

    [Fact]
    public async Task Open_OfALegThatHasGrown_IsRefused()
    {
        await using MirrorBench bench = new(2, disk: new SimulatedDiskOptions { IsFile = true });
        await bench.CreateAsync(Small);
        await bench.CloseAsync();
        using (BlockDevice device = bench.Disks[1].Open())
            device.SetLength((Sectors + 128) * IoRegion.SectorSize);
        Assert.Equal(MirrorRefusal.NoMetadata, (await Assert.ThrowsAsync<MirrorException>(() => bench.OpenAsync())).Refusal);
    }

    [Fact]
    public async Task Request_ThatCanNotBe_Throws()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(Small);
        MirrorDevice mirror = bench.Mirror;
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await mirror.WriteAsync(-1, 8, Bytes(1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await mirror.WriteAsync(0, 0, Bytes(1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await mirror.ReadAsync(long.MaxValue / 512, long.MaxValue / 512, Bytes(1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await mirror.DiscardAsync(0, -1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await mirror.WriteAsync(0, 9, Bytes(1)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await mirror.ReadAsync(0, 9, Bytes(1)));
        Assert.Contains("Atomic", (await Assert.ThrowsAsync<ArgumentException>(async () => await mirror.WriteAsync(0, 8, Bytes(1), IoFlags.Atomic | IoFlags.Fua))).Message, StringComparison.Ordinal);
        Assert.Contains("StableCopy", (await Assert.ThrowsAsync<ArgumentException>(async () => await mirror.WriteAsync(0, 8, Bytes(1), IoFlags.StableCopy))).Message, StringComparison.Ordinal);
        await bench.Mirror.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await mirror.WriteAsync(0, 8, Bytes(1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await mirror.ReadAsync(0, 8, Bytes(1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await mirror.FlushAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => mirror.TakeOutAsync(0));
    }

    [Fact]
    public async Task Request_BeyondTheEnd_Fails_AndOffTheBlock_IsUnsupported()
    {
        await using MirrorBench bench = new(1);
        bench.Disks.Add(bench.AddDisk(new SimulatedDiskOptions { LogicalBlockSize = 4096 }));
        await bench.CreateAsync(Small);
        Assert.Equal(4096, bench.Mirror.LogicalBlockSize);
        MirrorResult beyond = await bench.Mirror.WriteAsync(Sectors - 8, 16, Bytes(1, 16));
        Assert.Equal((false, IoFailureCause.BeyondEnd, 0b11ul), (beyond.IsSuccess, beyond.Legs.First.Cause, beyond.Legs.Failed.Value));
        MirrorResult misaligned = await bench.Mirror.ReadAsync(1, 8, Bytes(1));
        Assert.Equal((false, IoFailureCause.Misaligned, 0b11ul), (misaligned.IsSuccess, misaligned.Legs.First.Cause, misaligned.Legs.Unsupported.Value));
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal(MirrorLegState.InSync, leg.State));
    }

    [Fact]
    public async Task ChangesOfLegs_ThatCanNotBe_AreRefused()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(Small);
        MirrorDevice mirror = bench.Mirror;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        BlockDevice spare = bench.Open(bench.AddDisk());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => mirror.TakeOutAsync(2));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => mirror.ReplaceAsync(-1, spare, cancellationToken: cancel));
        await RefusesAsync(MirrorRefusal.SameDevice, () => mirror.ReplaceAsync(1, bench.Open(bench.Disks[0]), cancellationToken: cancel));
        await RefusesAsync(MirrorRefusal.SameDevice, () => mirror.ReplaceAsync(1, bench.Open(bench.Disks[1]), cancellationToken: cancel));
        await RefusesAsync(MirrorRefusal.Unsuitable, () => mirror.ReplaceAsync(1, bench.Open(bench.Simulation.AddDisk(1 << 16)), cancellationToken: cancel));
        await RefusesAsync(MirrorRefusal.Unsuitable, () => mirror.ReplaceAsync(1, bench.Open(bench.AddDisk(new SimulatedDiskOptions { LogicalBlockSize = 4096 })), cancellationToken: cancel));
        await RefusesAsync(MirrorRefusal.NoMetadata, () => mirror.AttachAsync(spare, cancel));
        await mirror.TakeOutAsync(1);
        await RefusesAsync(MirrorRefusal.InUse, () => mirror.ReplaceAsync(1, bench.Open(bench.Disks[1]), cancellationToken: cancel));
        await RefusesAsync(MirrorRefusal.NoSource, () => mirror.TakeOutAsync(0));
        await RefusesAsync(MirrorRefusal.NoSource, () => mirror.ReplaceAsync(0, spare, cancellationToken: cancel));
    }

    [Fact]
    public async Task SecondResync_AtTheSameTime_Throws()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(Small with { AssumeEqual = false });
        Fault hold = bench.Disks[1].Hold(MediumOperations.Write, times: 1);
        Task<MirrorResyncResult> first = bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(hold.WaitForHits(1, TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Mirror.TakeOutAsync(1));
        hold.Dispose();
        Assert.True((await first).IsComplete);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(99_000)]
    public async Task Options_ThatCanNotBe_Throw(int cleanAfterSeconds)
    {
        await using MirrorBench bench = new(2);
        await Assert.ThrowsAsync<ArgumentException>(() => bench.CreateAsync(Small, new MirrorOptions { CleanAfter = TimeSpan.FromSeconds(cleanAfterSeconds) }));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.CreateAsync(Small, new MirrorOptions { ReadPolicy = (MirrorReadPolicy)9 }));
    }

    private static async Task RefusesAsync(MirrorRefusal refusal, Func<Task> change) => Assert.Equal(refusal, (await Assert.ThrowsAsync<MirrorException>(change)).Refusal);

    private static long SlotSector(int slot) => MirrorLayout.SuperblockSector(Sectors + 64, slot);

    private static void Flip(SimulatedDisk disk, int slot, int at)
    {
        byte[] block = disk.Read(SlotSector(slot), MirrorLayout.BlockSectors);
        block[at] ^= 1;
        disk.Write(SlotSector(slot), block);
    }

    /// <summary>As a later version writes it.</summary>
    private static void Rewrite(SimulatedDisk disk, int slot)
    {
        byte[] block = disk.Read(SlotSector(slot), MirrorLayout.BlockSectors);
        block[8] = 2;
        Checksum.Seal(block, 12);
        disk.Write(SlotSector(slot), block);
    }
}
