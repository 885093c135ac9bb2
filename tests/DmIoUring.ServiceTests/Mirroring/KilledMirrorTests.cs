using System.Globalization;
using DmIoUring.ScratchDevices;
using DmIoUring.Services;
using DmIoUring.TestSupport;
using DmIoUring.Writer;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>
/// A process that writes to a mirror and is killed at any moment: after the resync both legs are equal and have every record that was acknowledged.
/// </summary>
public sealed class KilledMirrorTests(ITestOutputHelper output)
{
    private const int Slots = 256;
    private const long RegionSectors = 128;
    private const int LegBytes = Slots * DurableRecord.Size + (64 << 10);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AfterSigkill_ResyncMakesTheLegsEqual_AndEveryAcknowledgedRecordIsThere(bool losesPowerToo)
    {
        RequireFault.Here();
        int rounds = KilledWriter.RoundsOr(25);
        FaultFileOptions options = new() { Volatile = losesPowerToo, Logs = false };
        using FaultDevice left = new(size: LegBytes, options: options);
        using FaultDevice right = new(DeviceKind.Loop4096, LegBytes, options);
        FaultDevice[] legs = [left, right];
        await using (DmIoClient client = new())
        await using (await MirrorDevice.CreateAsync(
            client, [left.Device, right.Device], new MirrorCreateOptions { Sectors = Slots * DurableRecord.Sectors, RegionSectors = RegionSectors, AssumeEqual = true, Checksums = losesPowerToo }, cancellationToken: TestContext.Current.CancellationToken))
        {
        }

        ulong acknowledged = 0;
        long resynced = 0;
        // Another one each time, so that every run kills elsewhere. A kill falls where the machine lets it: the seed alone does not repeat it.
        int seed = Environment.TickCount;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        Random random = new(seed);
        for (int round = 0; round < rounds; round++)
        {
            acknowledged = KilledWriter.Run("mirror", Slots, acknowledged, random.Next(1, 30), random.Next(3000), legs.Select(static leg => leg.Path));
            foreach (FaultDevice leg in legs)
            {
                if (!losesPowerToo)
                    continue;
                leg.File.PowerCut(random.Next());
                leg.File.PowerUp();
            }

            resynced += await OpenAndResyncAsync(legs);
            Verify(legs, acknowledged);
        }
#pragma warning restore CA5394

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds, {acknowledged} records acknowledged, {resynced} regions resynchronized"));
        Assert.True(resynced > 0);
    }

    private static async Task<long> OpenAndResyncAsync(FaultDevice[] legs)
    {
        BlockDevice[] devices = [.. legs.Select(static leg => BlockDevice.Open(leg.Path))];
        try
        {
            await using DmIoClient client = new();
            await using MirrorDevice mirror = await MirrorDevice.OpenAsync(client, devices, cancellationToken: TestContext.Current.CancellationToken);
            MirrorResyncResult result = await mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
            Assert.True(result.IsComplete, result.ToString());
            using IoMemory all = IoMemory.Allocate(mirror.Size);
            Assert.True((await mirror.ReadAsync(0, mirror.SectorCount, all)).IsSuccess);
            Assert.All(mirror.Legs, static leg => Assert.Equal(0, leg.CorruptReads));
            return result.CopiedRegions;
        }
        finally
        {
            Array.ForEach(devices, static device => device.Dispose());
        }
    }

    /// <summary>The last acknowledged record of every slot must be there, but where the one that was being written has taken its place.</summary>
    private static void Verify(FaultDevice[] legs, ulong acknowledged)
    {
        byte[][] media = [.. legs.Select(static leg => leg.File.ReadDurable(0, Slots * DurableRecord.Sectors))];
        int same = media[0].AsSpan().CommonPrefixLength(media[1]);
        Assert.True(same == media[0].Length, $"the legs differ from byte {same} on");
        for (ulong number = acknowledged >= Slots ? acknowledged - Slots + 2 : 1; number <= acknowledged; number++)
        {
            int slot = (int)(number % Slots);
            Assert.True(
                DurableRecord.NumberOf(media[0].AsSpan(slot * DurableRecord.Size, DurableRecord.Size), slot) == number, $"record {number} was acknowledged and is not in slot {slot}");
        }
    }
}
