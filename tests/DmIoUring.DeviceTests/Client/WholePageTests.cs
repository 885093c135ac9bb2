using DmIoUring.ScratchDevices;
using DmIoUring.Testing;

namespace DmIoUring.DeviceTests.Client;

/// <summary>zram, whose driver reads and writes the whole page that a piece of memory lies in, wherever the piece begins.</summary>
public sealed class WholePageTests
{
    private const int Size = 256 << 10;

    public static TheoryData<CallWay> Ways => [.. Enum.GetValues<CallWay>()];

    [Theory]
    [MemberData(nameof(Ways))]
    public void AnyShape_ArrivesWhole_AndNothingAroundChanges(CallWay way)
    {
        using ZramDevice zram = Create();
        foreach (BufferShape shape in Enum.GetValues<BufferShape>())
        {
            foreach (bool isWarm in (bool[])[false, true])
                Transfer(way, zram, shape, isWarm);
        }
    }

    [Fact]
    public void MemoryAlignment_IsTheBlock_WhateverTheKernelReports()
    {
        using ZramDevice zram = Create();
        using BlockDevice device = BlockDevice.Open(zram.Path);
        Assert.Equal((4096, 4096, 4096), (device.LogicalBlockSize, device.MemoryAlignment, device.SegmentAlignment));
        device.Refresh();
        Assert.Equal((4096, 4096), (device.MemoryAlignment, device.SegmentAlignment));
    }

    [Fact]
    public void MemoryAlignment_IsWhatTheKernelReports_WhereBlocksMayBeginInsideAPage()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = 4096 });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        Assert.Equal(device.Geometry.ReportedMemoryAlignment, device.MemoryAlignment);
    }

    [Fact]
    public void MemoryAlignment_IsTheBlock_UntilADeviceHasOneToBeRead()
    {
        using LoopDevice loop = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = 4096 });
        loop.Resize(0);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        Assert.Equal((0, 4096), (device.Size, device.MemoryAlignment));
        loop.Resize(Size);
        device.Refresh();
        Assert.Equal(device.Geometry.ReportedMemoryAlignment, device.MemoryAlignment);
    }

    private static void Transfer(CallWay way, ZramDevice zram, BufferShape shape, bool isWarm)
    {
        const int first = 16;
        const int length = 64 << 10;
        byte[] untouched = Pattern.Bytes(Size);
        using (FileStream stream = Open(zram))
        {
            stream.Write(untouched);
            stream.Flush(flushToDisk: true);
        }

        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10 });
        using BlockDevice device = BlockDevice.Open(zram.Path);
        if (isWarm)
            client.Warm(device);
        using ShapedBuffer buffer = client.NewBuffer(shape, length);
        byte[] data = [.. Pattern.Bytes(length).Reverse()];
        buffer.Fill(data);
        IoRegion region = new(device, first, length / 512);
        Assert.Equal(default, client.Write(region, buffer.Buffer));
        data.CopyTo(untouched, first * 512);
        byte[] medium = new byte[Size];
        using (FileStream stream = Open(zram))
            stream.ReadExactly(medium);
        int same = untouched.AsSpan().CommonPrefixLength(medium);
        Assert.True(same == Size, $"{way}, {shape}: byte {same} of the device is not what was written.");
        if (shape == BufferShape.Sequence)
            return;

        buffer.Fill(new byte[length]);
        Assert.Equal(default, client.Read(region, buffer.Buffer));
        Assert.True(data.AsSpan().SequenceEqual(buffer.ToArray()), $"{way}, {shape}: what was read is not what was written.");
        buffer.AssertNothingAroundChanged();
    }

    private static ZramDevice Create()
    {
        if (ZramDevice.WhyUnavailable() is { } reason)
            Assert.Skip(reason);
        return ZramDevice.Create(Size);
    }

    private static FileStream Open(ZramDevice zram) => new(zram.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
}
