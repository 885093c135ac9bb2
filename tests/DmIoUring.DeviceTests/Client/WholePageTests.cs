using DmIoUring.DeviceTests.Faults;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>zram, whose driver reads and writes the whole page that a piece of memory lies in, wherever the piece begins.</summary>
public sealed class WholePageTests
{
    /// <summary>Small, because there are hundreds of passes.</summary>
    private const int Size = 80 << 10;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AnyShape_ArrivesWhole_AndNothingAroundChanges(CallWay way)
    {
        using ZramDevice zram = Create(Size);
        AllShapes(way, zram.Path, Pattern.Bytes(Size));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AFileOnIt_HasTheSameRule_WithAndWithoutBlocks(CallWay way)
    {
        using MountedFolder folder = MountedFolder.Ext4On(Create(32 << 20));
        AllShapes(way, folder.PathOf("full"), Pattern.Bytes(Size));
        AllShapes(way, folder.PathOf("empty"), new byte[Size]);
    }

    [Fact]
    public void MemoryAlignment_IsTheBlock_WhateverTheKernelReports()
    {
        using ZramDevice zram = Create(Size);
        using BlockDevice device = BlockDevice.Open(zram.Path);
        Assert.Equal((4096, 4096, 4096), (device.LogicalBlockSize, device.MemoryAlignment, device.SegmentAlignment));
        device.Refresh();
        Assert.Equal((4096, 4096), (device.MemoryAlignment, device.SegmentAlignment));
    }

    [Fact]
    public void MemoryAlignment_IsTheKernels_WhereBlocksMayBeginInsideAPage()
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

    private static void AllShapes(CallWay way, string path, byte[] before)
    {
        foreach (BufferShape shape in Enum.GetValues<BufferShape>())
        {
            foreach (bool isWarm in (bool[])[false, true])
                Transfer(way, path, shape, isWarm, before);
        }
    }

    private static void Transfer(CallWay way, string path, BufferShape shape, bool isWarm, byte[] before)
    {
        const int first = 16;
        const int length = 64 << 10;
        Fill(path, before);

        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10 });
        using BlockDevice device = BlockDevice.Open(path);
        if (isWarm)
            client.Warm(device);
        using ShapedBuffer buffer = client.NewBuffer(shape, length);
        byte[] data = [.. Enumerable.Reverse(Pattern.Bytes(length))];
        buffer.Fill(data);
        IoRegion region = new(device, first, length / 512);
        Assert.Equal(default, client.Write(region, buffer.Buffer));
        byte[] expected = [.. before];
        data.CopyTo(expected, first * 512);
        int same = expected.AsSpan().CommonPrefixLength(Medium(path));
        Assert.True(same == Size, $"{way}, {shape}: byte {same} of the device is not what was written.");
        if (shape == BufferShape.Sequence)
            return;

        buffer.Fill(new byte[length]);
        Assert.Equal(default, client.Read(region, buffer.Buffer));
        Assert.True(data.AsSpan().SequenceEqual(buffer.ToArray()), $"{way}, {shape}: what was read is not what was written.");
        buffer.AssertNothingAroundChanged();
    }

    /// <summary>Bytes on the medium. Of a file, zeroes are no blocks.</summary>
    private static void Fill(string path, byte[] bytes)
    {
        bool isFile = !path.StartsWith("/dev/", StringComparison.Ordinal);
        using FileStream stream = new(path, isFile ? FileMode.Create : FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        if (isFile && !bytes.AsSpan().ContainsAnyExcept((byte)0))
            stream.SetLength(bytes.Length);
        else
            stream.Write(bytes);
        stream.Flush(flushToDisk: true);
    }

    private static byte[] Medium(string path)
    {
        byte[] bytes = new byte[Size];
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static ZramDevice Create(long size)
    {
        if (ZramDevice.WhyUnavailable() is { } reason)
            Assert.Skip(reason);
        return ZramDevice.Create(size);
    }
}
