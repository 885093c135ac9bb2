using System.Globalization;
using CsCheck;
using DmIoUring.Engine;
using DmIoUring.Testing.Contract;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Random regions, counts, offsets, shapes of memory, flags, chunk sizes and blocks against a model that only copies bytes.</summary>
public sealed class BufferModelTests
{
    private const int BufferSectors = 300;
    private const int SlotSectors = 64;
    private const int Slots = 32;

    /// <summary>For each way; fewer where a device takes long to make.</summary>
    private static readonly int Seeds = int.Parse(Environment.GetEnvironmentVariable("DMIO_MODEL_SEEDS") ?? "20", CultureInfo.InvariantCulture);

    private static readonly IoFlags[] Flags =
        [IoFlags.None, IoFlags.None, IoFlags.Fua, IoFlags.Preflush, IoFlags.Preflush | IoFlags.Fua, IoFlags.StableCopy, IoFlags.StableCopy | IoFlags.Fua];

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AnyRequest_LeavesOnTheDevicesWhatTheModelHas(CallWay way) =>
        Gen.Int.Sample(seed => Run(way, seed), iter: Seeds, threads: 1);

#pragma warning disable CA5394 // Nothing secret: the seed is the point.
    private static void Run(CallWay way, int seed)
    {
        Random random = new(seed);
        using TestDevice small = new(DeviceKind.Loop512);
        using TestDevice large = new(DeviceKind.Loop4096);
        using TestDevice file = new(DeviceKind.File);
        TestDevice[] devices = [small, large, file];
        byte[][] media = [.. devices.Select(device => device.Medium(0, device.Device.SectorCount))];
        DmIoOptions options = new() { ChunkBytes = 4096 << random.Next(0, 6), QueueDepth = 1 << random.Next(0, 5), Lanes = random.Next(1, 3) };
        using ClientUnderTest client = new(way, options);
        using PageReservation reservation = client.Reserve(2 * BufferSectors / 8);
        for (int request = 0; request < 10; request++)
        {
            int length = random.Next(1, BufferSectors + 1) * 512;
            BufferShape shape = (BufferShape)random.Next(Enum.GetValues<BufferShape>().Length);
            using ShapedBuffer buffer = client.NewBuffer(shape, length, random.Next());
            byte[] data = Pattern.Bytes(length, random.Next());
            buffer.Fill(data);
            IoFlags flags = Flags[random.Next(Flags.Length)];
            IoRegion[] regions = Regions(random, devices, length);
            IoResult expected = Refusals.ResultOf(IoOperation.Write, flags, regions, device => Of(device, devices).Facts);
            Write(devices, media, regions, data, expected.Failed | expected.Unsupported);
            Assert.Equal(expected, client.Write(regions, buffer.Buffer, flags));
            Assert.Equal(data, buffer.ToArray());

            if (shape != BufferShape.Sequence)
                Read(client, buffer, devices, media, regions[random.Next(regions.Length)], data);
            buffer.AssertNothingAroundChanged();
        }

        for (int i = 0; i < devices.Length; i++)
            devices[i].AssertHolds(0, media[i]);
    }

    /// <summary>Up to 64 regions in places of their own, some of them impossible, from anywhere in the buffer.</summary>
    private static IoRegion[] Regions(Random random, TestDevice[] devices, int length)
    {
        int[] places = [.. Enumerable.Range(0, 3 * Slots)];
        random.Shuffle(places);
        IoRegion[] regions = new IoRegion[random.Next(1, random.Next(4) == 0 ? IoRegion.MaxRegions + 1 : 5)];
        for (int i = 0; i < regions.Length; i++)
        {
            TestDevice device = devices[places[i] % 3];
            int unit = random.Next(10) == 0 ? 1 : device.Device.LogicalBlockSize / 512;
            long start = places[i] / 3 * SlotSectors;
            long sector = start + (random.Next(SlotSectors / unit) * unit);
            long offset = random.Next(3) == 0 ? 0 : random.Next(length + 1);
            if (random.Next(2) == 0)
                offset &= ~511L;
            long most = Math.Min(start + SlotSectors - sector, (length - offset) / 512) / unit;
            regions[i] = new IoRegion(device.Device, random.Next(20) == 0 ? device.Device.SectorCount : sector, random.NextInt64(most + 1) * unit, offset);
        }

        return regions;
    }
#pragma warning restore CA5394

    /// <summary>Writes the regions that are not refused into the model's media.</summary>
    private static void Write(TestDevice[] devices, byte[][] media, IoRegion[] regions, byte[] data, RegionBits refused)
    {
        for (int i = 0; i < regions.Length; i++)
        {
            if (!refused[i])
                data.AsSpan((int)regions[i].BufferOffset, (int)regions[i].Count * 512).CopyTo(Medium(devices, media, regions[i]));
        }
    }

    private static void Read(ClientUnderTest client, ShapedBuffer buffer, TestDevice[] devices, byte[][] media, IoRegion region, byte[] data)
    {
        Span<byte> expected = data.AsSpan((int)region.BufferOffset, (int)region.Count * 512);
        IoResult result = Refusals.ResultOf(IoOperation.Read, IoFlags.None, [region], device => Of(device, devices).Facts);
        if (result.IsSuccess)
            Medium(devices, media, region).CopyTo(expected);
        else
            expected.Clear();
        Assert.Equal(result, client.Read(region, buffer.Buffer));
        Assert.Equal(data, buffer.ToArray());
    }

    private static Span<byte> Medium(TestDevice[] devices, byte[][] media, IoRegion region) => region.Count == 0
        ? default
        : media[Array.IndexOf(devices, Of(region.Device, devices))].AsSpan((int)region.Sector * 512, (int)region.Count * 512);

    private static TestDevice Of(BlockDevice device, TestDevice[] devices) => Array.Find(devices, one => one.Device == device)!;
}
