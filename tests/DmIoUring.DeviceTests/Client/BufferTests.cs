using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>dm-io's three data services on real devices, however the bytes lie in memory.</summary>
public sealed class BufferTests
{
    public static TheoryData<CallWay, DeviceKind, BufferShape> AllShapes
    {
        get
        {
            TheoryData<CallWay, DeviceKind, BufferShape> data = [];
            foreach (CallWay way in Ways.Calls)
            {
                foreach (DeviceKind kind in Enum.GetValues<DeviceKind>())
                {
                    foreach (BufferShape shape in Enum.GetValues<BufferShape>())
                        data.Add(way, kind, shape);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(AllShapes))]
    public void AnyShapeOfOneChunk_IsWrittenAndReadBack_AndNothingAroundChanges(CallWay way, DeviceKind kind, BufferShape shape)
    {
        const int length = 8192;
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind, 64 << 10);
        client.Warm(device.Device);
        using ShapedBuffer buffer = client.NewBuffer(shape, length);
        byte[] data = Pattern.Bytes(length);
        buffer.Fill(data);
        Assert.Equal(default, client.Write(device.Region(16, length / 512), buffer.Buffer));
        device.AssertHolds(16, data);
        device.AssertUntouched(0, 16);
        device.AssertUntouched(16 + (length / 512), device.Device.SectorCount - 16 - (length / 512));
        if (shape == BufferShape.Sequence)
            return;

        buffer.Fill(new byte[length]);
        Assert.Equal(default, client.Read(device.Region(16, length / 512), buffer.Buffer));
        Assert.Equal(data, buffer.ToArray());
        buffer.AssertNothingAroundChanged();
    }

    [Theory]
    [MemberData(nameof(AllShapes))]
    public void AnyShape_IsWrittenAndReadBack_AndNothingAroundChanges(CallWay way, DeviceKind kind, BufferShape shape)
    {
        const int length = 200 << 10;
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 << 10 });
        using TestDevice device = new(kind);
        using ShapedBuffer buffer = client.NewBuffer(shape, length);
        byte[] data = Pattern.Bytes(length);
        buffer.Fill(data);
        Assert.Equal(default, client.Write(device.Region(16, length / 512), buffer.Buffer));
        device.AssertHolds(16, data);
        device.AssertUntouched(0, 16);
        device.AssertUntouched(16 + (length / 512), device.Device.SectorCount - 16 - (length / 512));
        if (shape == BufferShape.Sequence)
            return;

        buffer.Fill(new byte[length]);
        Assert.Equal(default, client.Read(device.Region(16, length / 512), buffer.Buffer));
        Assert.Equal(data, buffer.ToArray());
        buffer.AssertNothingAroundChanged();
    }

    [Theory]
    [MemberData(nameof(AllShapes))]
    public void AnyShape_ToRegionsWithTheirOwnOffsets_Mirrors_Stripes_AndMixes(CallWay way, DeviceKind kind, BufferShape shape)
    {
        const int length = 96 << 10;
        const int third = length / 3;
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10 });
        using TestDevice first = new(kind);
        using TestDevice second = new(DeviceKind.Loop512);
        using TestDevice last = new(DeviceKind.Loop4096);
        using ShapedBuffer buffer = client.NewBuffer(shape, length);
        byte[] data = Pattern.Bytes(length);
        buffer.Fill(data);
        IoResult result = client.Write(
            [
                first.Region(8, third / 512),
                second.Region(8, third / 512) with { BufferOffset = third },
                last.Region(8, third / 512) with { BufferOffset = 2 * third },
                first.Region(512, length / 512),
                second.Region(512, length / 512),
                last.Region(512, third / 512) with { BufferOffset = 1024 },
                second.Region(1024, 1) with { BufferOffset = 512 },
                second.Region(1025, 0) with { BufferOffset = length },
            ],
            buffer.Buffer);

        Assert.Equal(default, result);
        first.AssertHolds(8, data.AsSpan(0, third));
        second.AssertHolds(8, data.AsSpan(third, third));
        last.AssertHolds(8, data.AsSpan(2 * third, third));
        first.AssertHolds(512, data);
        second.AssertHolds(512, data);
        last.AssertHolds(512, data.AsSpan(1024, third));
        second.AssertHolds(1024, data.AsSpan(512, 512));
        second.AssertUntouched(1025, 64);
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public unsafe void ThreeThousandVectors_BackToFront_AreWrittenAndReadBack(CallWay way, DeviceKind kind)
    {
        const int vectors = 3000;
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind, 2 << 20);
        using IoMemory memory = Pattern.Memory(vectors * 512);
        byte* start = (byte*)memory.Pointer;
        IoBuffer buffer = IoBuffer.Vectors(Enumerable.Range(1, vectors).Select(i => new IoVector(start + ((vectors - i) * 512), 512)).ToArray());
        Assert.Equal(default, client.Write(device.Region(8, vectors), buffer));
        for (int i = 0; i < vectors; i += 97)
            device.AssertHolds(8 + i, memory.GetSpan().Slice((vectors - 1 - i) * 512, 512));
        byte[] written = memory.GetSpan().ToArray();
        memory.GetSpan().Clear();
        Assert.Equal(default, client.Read(device.Region(8, vectors), buffer));
        Assert.True(memory.GetSpan().SequenceEqual(written));
    }

    /// <summary>A sector is then more vectors than one chunk takes runs; the first is fewer, so that chunks of both kinds mix.</summary>
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public unsafe void VectorsOfOneByte_OnBufferedDevices_AreWrittenAndReadBack(CallWay way)
    {
        const int bytes = 65 * 512;
        using ClientUnderTest client = new(way);
        using TestDevice medium = new(DeviceKind.File);
        using BlockDevice device = BlockDevice.Open(medium.Path, new BlockDeviceOptions { Direct = false });
        using IoMemory memory = Pattern.Memory(bytes);
        byte* start = (byte*)memory.Pointer;
        IoVector[] vectors =
        [
            .. Enumerable.Range(0, 8).Select(i => new IoVector(start + (i * 64), 64)),
            .. Enumerable.Range(512, bytes - 512).Select(i => new IoVector(start + i, 1)),
        ];
        IoBuffer buffer = IoBuffer.Vectors(vectors);
        IoRegion[] regions = [new(device, 8, 1), new(device, 9, 64, BufferOffset: 512)];
        Assert.Equal(default, client.Write(regions, buffer));
        byte[] written = memory.GetSpan().ToArray();
        medium.AssertHolds(8, written);
        medium.AssertUntouched(73, 64);
        memory.GetSpan().Clear();
        Assert.Equal(default, client.Read(new IoRegion(device, 8, 65), buffer));
        Assert.True(memory.GetSpan().SequenceEqual(written));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public unsafe void MisalignedMemory_OnBlocksLargerThanAChunk_IsWrittenAndReadBack(CallWay way)
    {
        const int block = 16 << 10;
        using LoopDevice? loop = LoopWithBlocks(block);
        Assert.SkipWhen(loop is null, "the kernel has no loop devices with blocks larger than a page");
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        using IoMemory memory = Pattern.Memory(4 * block);
        IoRegion region = new(device, block / 512, 2 * block / 512);
        Assert.Equal(default, client.Write(region, memory.Slice(77, 2 * block)));
        byte[] written = memory.GetSpan().Slice(77, 2 * block).ToArray();
        memory.GetSpan().Clear();
        Assert.Equal(default, client.Read(region, memory.Slice(5, 2 * block)));
        Assert.True(memory.GetSpan().Slice(5, 2 * block).SequenceEqual(written));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void PagesShorterThanTheRegion_AreRefused_AndNothingIsWritten(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using PageReservation reservation = client.Reserve(2);
        using PageList pages = client.Pages.RentPages(2);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write(device.Region(0, 16), IoBuffer.Pages(pages, 512)));
        Assert.Contains("takes 16 sectors (8192 bytes) from byte 0 on and the buffer has 7680 bytes", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => client.Write(device.Region(0, 8) with { BufferOffset = 4608 }, pages));
        Assert.Throws<ArgumentException>(() => client.Write(device.Region(0, 0) with { BufferOffset = 8193 }, pages));
        Assert.Throws<ArgumentException>(() => client.Write(device.Region(0, 1) with { BufferOffset = -512 }, pages));
        device.AssertUntouched();
    }

    private static LoopDevice? LoopWithBlocks(int block)
    {
        RequireLoop.Here();
        try
        {
            return LoopDevice.Create(1 << 20, new LoopDeviceOptions { BlockSize = block });
        }
        catch (IOException)
        {
            return null;
        }
    }
}
