using DmIoUring.Engine;
using DmIoUring.Testing.Contract;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Requests at random, right and wrong ones, against a model of what each must do to the medium and to its bits.</summary>
public sealed class ModelTests
{
    private const int Requests = 150;
    private const int SlotSectors = 128;
    private const int Slots = 16;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void RandomRequests_DoWhatTheModelSays(CallWay way)
    {
        int seed = Environment.TickCount;
        try
        {
            Run(way, seed);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Failed with seed {seed}.", exception);
        }
    }

    private static void Run(CallWay way, int seed)
    {
#pragma warning disable CA5394 // Nothing secret: the seed is the point.
        Random random = new(seed);
        using TestDevice small = new(DeviceKind.Loop512);
        using TestDevice large = new(DeviceKind.Loop4096);
        using TestDevice file = new(DeviceKind.File);
        using TestDevice inline = new(DeviceKind.LoopInline);
        TestDevice[] devices = [small, large, file, inline];
        byte[][] media = [.. devices.Select(device => device.Medium(0, device.Device.SectorCount))];
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10, QueueDepth = 5 });
        using IoMemory data = IoMemory.Allocate(SlotSectors * 512);
        for (int request = 0; request < Requests; request++)
        {
            random.NextBytes(data.GetSpan());
            IoRegion[] regions = [.. Places(random).Select(place => RegionIn(random, devices, place))];
            IoResult expected = Refusals.ResultOf(IoOperation.Write, IoFlags.None, regions, device => Of(device, devices).Facts);
            for (int i = 0; i < regions.Length; i++)
            {
                IoRegion region = regions[i];
                if (!expected.Failed[i] && !expected.Unsupported[i])
                    data.GetSpan()[..(int)(region.Count * 512)].CopyTo(media[Array.IndexOf(devices, Of(region.Device, devices))].AsSpan((int)(region.Sector * 512)));
            }

            Assert.Equal(expected, client.Write(regions, data));
        }

        for (int i = 0; i < devices.Length; i++)
            devices[i].AssertHolds(0, media[i]);

        // What lies there is what is read, too.
        using IoMemory read = IoMemory.Allocate(media[0].Length);
        for (int i = 0; i < devices.Length; i++)
        {
            Assert.Equal(default, client.Read(IoRegion.Whole(devices[i].Device), read));
            Assert.True(read.GetSpan().SequenceEqual(media[i]));
        }
    }

    /// <summary>Up to 48 different places: what overlapping regions of one request leave is undefined.</summary>
    private static int[] Places(Random random)
    {
        int[] all = [.. Enumerable.Range(0, 3 * Slots)];
        random.Shuffle(all);
        return all[..random.Next(1, all.Length + 1)];
    }

    private static IoRegion RegionIn(Random random, TestDevice[] devices, int place)
    {
        TestDevice device = devices[place % 3];
        long start = place / 3 * SlotSectors;
        int unit = device.Device.LogicalBlockSize / 512;
        long sector = start + (random.Next(SlotSectors / unit) * unit);
        long count = random.NextInt64((start + SlotSectors - sector) / unit + 1) * unit;
        return random.Next(10) switch
        {
            0 => device.Region(device.Device.SectorCount - unit, 2 * unit),
            1 => device.Region(random.NextInt64(1L << 40), unit),
            2 when unit > 1 => device.Region(sector + 1, unit - 1),
            _ => device.Region(sector, count),
        };
    }
#pragma warning restore CA5394

    private static TestDevice Of(BlockDevice device, TestDevice[] devices) => Array.Find(devices, one => one.Device == device)!;
}
