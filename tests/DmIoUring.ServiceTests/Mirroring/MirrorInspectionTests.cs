using DmIoUring.Services;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>What is told of a mirror that is not opened, and that nothing is written meanwhile.</summary>
public sealed class MirrorInspectionTests
{
    private static readonly MirrorOpenOptions Degraded = new() { AllowMissing = true };

    [Fact]
    public async Task ClosedMirror_IsInSync()
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        MirrorInspection inspection = await InspectAsync(bench, 2, 0, 1);
        Assert.True(inspection.IsInSync, inspection.Reason);
        Assert.Equal((bench.Mirror.Id, Sectors, RegionSectors, Sectors / RegionSectors), (inspection.Id, inspection.SectorCount, inspection.RegionSectors, inspection.Regions));
        Assert.Equal([2, 0, 1], inspection.Devices.Select(static device => device.Leg));
        Assert.Equal([0, 1, 2], inspection.Legs.Select(static leg => leg.Index));
        Assert.All(inspection.Legs, static leg => Assert.Equal((MirrorLegState.InSync, 0L, null), (leg.State, leg.RegionsToCopy, leg.Reason)));
        Assert.Equal(0, inspection.DirtyRegions);
    }

    [Fact]
    public async Task NewLegs_NeedAll()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(isEqual: false);
        await bench.CloseAsync();
        MirrorInspection inspection = await InspectAsync(bench);
        Assert.Null(inspection.Refusal);
        Assert.True(inspection.NeedsResync);
        MirrorInspectedLeg leg = inspection.Legs[1];
        Assert.Equal((MirrorLegState.OutOfSync, true, Sectors / RegionSectors), (leg.State, leg.NeedsFullResync, leg.RegionsToCopy));
        Assert.NotNull(leg.Reason);
    }

    [Fact]
    public async Task AfterACrash_TheDirtyRegionsMayDiffer_OnAllButTheSource()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.WriteAsync(0, 1);
        await bench.WriteAsync(5 * RegionSectors, 1);
        await bench.CrashAsync();
        MirrorInspection inspection = await InspectAsync(bench);
        Assert.Null(inspection.Refusal);
        Assert.True(inspection.NeedsResync);
        Assert.Equal(2, inspection.DirtyRegions);
        Assert.Equal([0L, 2L], inspection.Legs.Select(static leg => leg.RegionsToCopy));
    }

    [Fact]
    public async Task LegThatWasAway_LacksWhatTheLogSays_AndNothingWasWritten()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        await bench.OpenAsync(Degraded, 0);
        await bench.WriteAsync(0, 1);
        await bench.CloseAsync();
        byte[][] before = [.. bench.Disks.Select(static disk => disk.Read(0, Sectors + 64))];
        MirrorInspection inspection = await InspectAsync(bench, 1, 0);
        Assert.Equal(before, bench.Disks.Select(static disk => disk.Read(0, Sectors + 64)));
        MirrorInspectedLeg leg = inspection.Legs[1];
        Assert.Equal((MirrorLegState.OutOfSync, false, 1L), (leg.State, leg.NeedsFullResync, leg.RegionsToCopy));
        Assert.True(leg.Changes < inspection.Changes);
        Assert.Null(inspection.Refusal);
    }

    [Fact]
    public async Task MissingLeg_IsAValue()
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync();
        await bench.CloseAsync();
        MirrorInspection inspection = await InspectAsync(bench, 0, 2);
        Assert.Equal(MirrorRefusal.Missing, inspection.Refusal);
        Assert.Equal([MirrorLegState.InSync, MirrorLegState.Missing, MirrorLegState.InSync], inspection.Legs.Select(static leg => leg.State));
        Assert.Null(inspection.Legs[1].Device);
        Assert.All(inspection.Devices, static device => Assert.Null(device.Refusal));
    }

    [Fact]
    public async Task SplitMirror_IsAValue()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        for (int half = 0; half < 2; half++)
        {
            await bench.OpenAsync(Degraded, half);
            await bench.WriteAsync(0, (byte)half);
            await bench.CloseAsync();
        }

        MirrorInspection inspection = await InspectAsync(bench);
        Assert.Equal(MirrorRefusal.Split, inspection.Refusal);
        Assert.Single(inspection.Devices, static device => device.Refusal == MirrorRefusal.Split);
        Assert.Equal(2, inspection.Legs.Count);
    }

    [Fact]
    public async Task LegsOfOthers_AndDevicesWithoutMetadata_AreToldOneByOne()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        bench.Disks.Add(bench.AddDisk());
        bench.Disks.Add(bench.AddDisk());
        bench.Disks.Add(bench.AddDisk());
        await using (await MirrorDevice.CreateAsync(
            bench.Client, [bench.Open(bench.Disks[2]), bench.Open(bench.Disks[3])], new MirrorCreateOptions { AssumeEqual = true }, cancellationToken: TestContext.Current.CancellationToken))
        {
        }

        MirrorInspection inspection = await InspectAsync(bench, 4, 3, 0, 1);
        Assert.Equal([MirrorRefusal.NoMetadata, MirrorRefusal.Foreign, null, null], inspection.Devices.Select(static device => device.Refusal));
        Assert.Equal(bench.Mirror.Id, inspection.Id);
        Assert.NotEqual(bench.Mirror.Id, inspection.Devices[1].Mirror);
        Assert.Equal(MirrorRefusal.NoMetadata, inspection.Refusal);
        Assert.All(inspection.Legs, static leg => Assert.Equal(MirrorLegState.InSync, leg.State));

        inspection = await InspectAsync(bench, 4);
        Assert.Equal((MirrorRefusal.NoMetadata, (Guid?)null), (inspection.Refusal, inspection.Id));
        Assert.Empty(inspection.Legs);
    }

    [Fact]
    public async Task ReplacedLeg_IsForeign()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        bench.Disks.Add(bench.AddDisk());
        await bench.Mirror.ReplaceAsync(1, bench.Open(bench.Disks[2]), cancellationToken: TestContext.Current.CancellationToken);
        await bench.CloseAsync();
        MirrorInspection inspection = await InspectAsync(bench, 0, 1, 2);
        Assert.Equal([null, MirrorRefusal.Foreign, null], inspection.Devices.Select(static device => device.Refusal));
        Assert.Contains("was replaced", inspection.Devices[1].Reason, StringComparison.Ordinal);
        Assert.Same(inspection.Devices[2].Device, inspection.Legs[1].Device);
    }

    [Fact]
    public async Task OnlyLegsOutOfSync_AreNoSource()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(isEqual: false);
        await bench.CloseAsync();
        MirrorInspection inspection = await InspectAsync(bench, 1);
        Assert.Equal(MirrorRefusal.NoSource, inspection.Refusal);
        Assert.Equal([MirrorLegState.Missing, MirrorLegState.OutOfSync], inspection.Legs.Select(static leg => leg.State));
    }

    [Fact]
    public async Task DamagedMetadata_IsAValue()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        byte[] superblocks = bench.Disks[1].Read(Sectors + 48, 16);
        superblocks[100] ^= 1;
        superblocks[4096 + 100] ^= 1;
        bench.Disks[1].Write(Sectors + 48, superblocks);
        MirrorInspection inspection = await InspectAsync(bench);
        Assert.Equal(MirrorRefusal.NoMetadata, inspection.Devices[1].Refusal);
        Assert.Contains("wrong checksum", inspection.Devices[1].Reason, StringComparison.Ordinal);
        Assert.Equal(MirrorLegState.Missing, inspection.Legs[1].State);
    }

    [Fact]
    public async Task LegThatCannotBeRead_IsAValue()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync();
        await bench.CloseAsync();
        bench.Disks[0].Fail(MediumOperations.Read, errno: 5);
        MirrorInspection inspection = await InspectAsync(bench);
        Assert.Contains("EIO", inspection.Devices[0].Reason, StringComparison.Ordinal);
        Assert.Equal([MirrorLegState.Missing, MirrorLegState.InSync], inspection.Legs.Select(static leg => leg.State));
    }

    [Theory]
    [InlineData(128, 0)]
    [InlineData(2048, 128)]
    [InlineData(100_000, 128)]
    [InlineData(5_000_000, 128)]
    public async Task LegSectorsFor_IsTheLeastThatIsAccepted(long sectors, long regionSectors)
    {
        MirrorCreateOptions create = new() { Sectors = sectors, RegionSectors = regionSectors, AssumeEqual = true };
        long needed = create.LegSectorsFor(sectors);
        using StorageSimulation simulation = new(1);
        await using DmIoClient client = simulation.CreateClient();
        foreach ((long missing, bool fits) in new[] { (0L, true), (8L, false) })
        {
            using BlockDevice left = simulation.AddDisk((needed - missing) * IoRegion.SectorSize).Open();
            using BlockDevice right = simulation.AddDisk((needed - missing) * IoRegion.SectorSize).Open();
            Exception? refused = await Record.ExceptionAsync(async () =>
                await (await MirrorDevice.CreateAsync(client, [left, right], create, cancellationToken: TestContext.Current.CancellationToken)).DisposeAsync());
            Assert.Equal(fits, refused is null);
        }
    }

    private static async Task<MirrorInspection> InspectAsync(MirrorBench bench, params int[] legs)
    {
        BlockDevice[] devices = [.. (legs.Length == 0 ? Enumerable.Range(0, bench.Disks.Count) : legs).Select(leg => bench.OpenForReading(bench.Disks[leg]))];
        return await MirrorDevice.InspectAsync(bench.Client, devices, TestContext.Current.CancellationToken);
    }
}
