using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>One buffer to many regions, one bit a region.</summary>
public sealed class WriteTests
{
    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void OneRegion_LandsWhereItShould_AndNowhereElse(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using IoMemory data = Pattern.Memory(16 * 512);
        Assert.Equal(default, client.Write(device.Region(64, 16), data));
        device.AssertHolds(64, data.GetSpan());
        device.AssertUntouched(0, 64);
        device.AssertUntouched(80, device.Device.SectorCount - 80);
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void ToThreeRegions_SecondFails_SetsBitOneOnly(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice first = new(kind);
        using TestDevice second = new(DeviceKind.Loop512);
        using TestDevice third = new(kind);
        using IoMemory data = Pattern.Memory(256 * 512);

        // The device is shorter than the client knows, so that the kernel itself says no.
        second.Loop.Resize(512 << 10);
        IoResult result = client.Write([first.Region(0, 256), second.Region(1024, 256), third.Region(512, 256)], data);

        Assert.Equal("0b10", result.Failed.ToString());
        Assert.True(result.Unsupported.IsEmpty);
        Assert.Equal(new IoFailure(1, 1024, Errno.ENOSPC, IoFailureCause.Device), result.First);
        first.AssertHolds(0, data.GetSpan());
        third.AssertHolds(512, data.GetSpan());
        second.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void To64Regions_AllArrive(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice small = new(DeviceKind.Loop512);
        using TestDevice large = new(DeviceKind.Loop4096);
        using TestDevice file = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(8 * 512);
        TestDevice[] devices = [small, large, file];
        IoRegion[] regions = [.. Enumerable.Range(0, 64).Select(i => devices[i % 3].Region(i * 8, 8))];

        Assert.Equal(default, client.Write(regions, data));
        for (int i = 0; i < 64; i++)
        {
            devices[i % 3].AssertHolds(i * 8, data.GetSpan());
            devices[(i + 1) % 3].AssertUntouched(i * 8, 8);
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void To64Regions_TheLastFails_Bit63Survives(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using TestDevice shrunk = new();
        using IoMemory data = Pattern.Memory(8 * 512);
        shrunk.Loop.Resize(4096);
        IoRegion[] regions = [.. Enumerable.Range(0, 63).Select(i => device.Region(i * 8, 8)), shrunk.Region(8, 8)];

        IoResult result = client.Write(regions, data);
        Assert.Equal(new RegionBits(1UL << 63), result.Failed);
        Assert.True(result.Unsupported.IsEmpty);
        Assert.Equal(new IoFailure(63, 8, Errno.ENOSPC, IoFailureCause.Device), result.First);
        for (int i = 0; i < 63; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void To64Regions_AllFail_SetsEveryBit(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice shrunk = new();
        using IoMemory data = Pattern.Memory(8 * 512);
        shrunk.Loop.Resize(4096);
        IoResult result = client.Write([.. Enumerable.Range(1, 64).Select(i => shrunk.Region(i * 8, 8))], data);
        Assert.Equal(new RegionBits(ulong.MaxValue), result.Failed);
        Assert.Equal((0, 8), (result.First.Region, result.First.Sector));
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void EveryRegion_TakesItsOwnCount_FromTheBuffersStart(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using IoMemory data = Pattern.Memory(64 * 512);
        long[] counts = [8, 64, 24, 16];
        Assert.Equal(default, client.Write([.. counts.Select((count, i) => device.Region(i * 128, count))], data));
        for (int i = 0; i < counts.Length; i++)
        {
            device.AssertHolds(i * 128, data.GetSpan()[..(int)(counts[i] * 512)]);
            device.AssertUntouched((i * 128) + counts[i], 128 - counts[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ARegionOfNothing_IsSkipped_AndKeepsItsIndex(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using TestDevice skipped = new();
        using IoMemory data = Pattern.Memory(8 * 512);
        IoResult result = client.Write(
            [skipped.Region(0, 0), device.Region(8, 8), skipped.Region(long.MaxValue / 512, 0), device.Region(device.Device.SectorCount, 8)], data);
        Assert.Equal("0b1000", result.Failed.ToString());
        Assert.Equal(3, result.First.Region);
        device.AssertHolds(8, data.GetSpan());
        skipped.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void NothingToDo_IsSuccess(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        Assert.Equal(default, client.Write([device.Region(0, 0), device.Region(16, 0)], default));
        Assert.Equal(default, client.Write(device.Region(0, 0), default));
        Assert.Equal(default, client.Read(device.Region(0, 0), default));
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void BeyondTheEnd_FailsWithoutIo_AndSiblingsAreWritten(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using TestDevice sibling = new(kind);
        using IoMemory data = Pattern.Memory(16 * 512);
        long end = device.Device.SectorCount;
        IoResult result = client.Write(
            [
                device.Region(end - 8, 16),
                sibling.Region(0, 16),
                device.Region(end, 8),
                device.Region(long.MaxValue / 512 / 8 * 8 - 8, 8),
                sibling.Region(sibling.Device.SectorCount - 16, 16),
            ],
            data);

        Assert.Equal("0b1101", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, end - 8, Errno.EIO, IoFailureCause.BeyondEnd), result.First);
        sibling.AssertHolds(0, data.GetSpan());
        sibling.AssertHolds(sibling.Device.SectorCount - 16, data.GetSpan());
        Assert.Equal(1 << 20, device.MediumLength);
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ABufferedRegularFile_NeverGrows(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice file = new(DeviceKind.File, 64 << 10);
        using BlockDevice buffered = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        using IoMemory data = Pattern.Memory(8 * 512);
        IoResult result = client.Write([new IoRegion(buffered, 127, 2), new IoRegion(buffered, 128, 1)], data);
        Assert.Equal("0b11", result.Failed.ToString());
        Assert.Equal(64 << 10, file.MediumLength);
        file.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OffTheLogicalBlock_IsUnsupported_AndSiblingsAreWritten(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice small = new(DeviceKind.Loop512);
        using TestDevice large = new(DeviceKind.Loop4096);
        using IoMemory data = Pattern.Memory(16 * 512);
        IoResult result = client.Write(
            [large.Region(1, 8), small.Region(1, 7), large.Region(8, 7), large.Region(16, 8), large.Region(large.Device.SectorCount, 8)], data);

        Assert.Equal("0b101", result.Unsupported.ToString());
        Assert.Equal("0b10000", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 1, Errno.EINVAL, IoFailureCause.Misaligned), result.First);
        small.AssertHolds(1, data.GetSpan()[..(7 * 512)]);
        large.AssertHolds(16, data.GetSpan()[..(8 * 512)]);
        large.AssertUntouched(0, 16);
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void ADeviceOpenedForReading_FailsItsRegionWithoutIo(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using TestDevice sibling = new(kind);
        using BlockDevice readable = BlockDevice.Open(device.Path, DeviceAccess.Read);
        using IoMemory data = Pattern.Memory(8 * 512);
        IoResult result = client.Write([sibling.Region(0, 8), new IoRegion(readable, 0, 8)], data);
        Assert.Equal("0b10", result.Failed.ToString());
        Assert.Equal(new IoFailure(1, 0, Errno.EROFS, IoFailureCause.ReadOnly), result.First);
        sibling.AssertHolds(0, data.GetSpan());
        device.AssertUntouched();
        Assert.Equal(new IoFailure(0, 16, Errno.EROFS, IoFailureCause.ReadOnly), client.Write(new IoRegion(readable, 16, 8), data).First);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ADeviceMadeReadOnlyUnderTheClient_FailsAsTheKernelSays(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using TestDevice sibling = new();
        using IoMemory data = Pattern.Memory(8 * 512);
        SetReadOnly(device, on: 1);
        IoResult result = client.Write([sibling.Region(0, 8), device.Region(24, 8)], data);
        SetReadOnly(device, on: 0);
        Assert.Equal("0b10", result.Failed.ToString());
        Assert.Equal(new IoFailure(1, 24, Errno.EPERM, IoFailureCause.Device), result.First);
        sibling.AssertHolds(0, data.GetSpan());
        device.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void ARequestOfManyChunks_ArrivesWhole(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10, QueueDepth = 4 });
        using TestDevice first = new(kind, 2 << 20);
        using TestDevice second = new(kind, 2 << 20);

        // 1.25 MiB and 24 sectors to one and 0.75 MiB less 8 sectors to the other: more chunks than the ring takes, and odd ends.
        long longer = (5 << 9) + 24;
        long shorter = (3 << 9) - 8;
        using IoMemory data = Pattern.Memory(longer * 512);
        Assert.Equal(default, client.Write([first.Region(8, longer), second.Region(16, shorter)], data));
        first.AssertHolds(8, data.GetSpan());
        second.AssertHolds(16, data.GetSpan()[..(int)(shorter * 512)]);
        first.AssertUntouched(0, 8);
        first.AssertUntouched(8 + longer, first.Device.SectorCount - longer - 8);
        second.AssertUntouched(0, 16);
        second.AssertUntouched(16 + shorter, second.Device.SectorCount - shorter - 16);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ManyChunks_OneFails_TheLowestSectorIsReported_AndTheRestIsWritten(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 << 10 });
        using TestDevice shrunk = new(DeviceKind.Loop512, 4 << 20);
        using IoMemory data = Pattern.Memory(4 << 20);

        // 1 MiB and 8 sectors are left: the chunk across the end is written in part, those after it not at all.
        shrunk.Loop.Resize((1 << 20) + 4096);
        IoResult result = client.Write(shrunk.Region(0, 8192), data);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 2048 + 8, Errno.ENOSPC, IoFailureCause.Device), result.First);
        shrunk.AssertHolds(0, data.GetSpan()[..((1 << 20) + 4096)]);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void FromManagedMemory_TheBytesAreTheSame(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice file = new(DeviceKind.File);
        using BlockDevice buffered = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        byte[] data = Pattern.Bytes(3 * 512);
        Assert.Equal(default, client.Write(new IoRegion(buffered, 1, 3), data));
        Assert.Equal(default, client.Write(new IoRegion(buffered, 8, 1), data.AsMemory(513, 512)));
        Assert.Equal(default, client.Write(new IoRegion(buffered, 16, 1), (ReadOnlyMemory<byte>)data.AsMemory(1, 512)));
        file.AssertHolds(1, data);
        file.AssertHolds(8, data.AsSpan(513, 512));
        file.AssertHolds(16, data.AsSpan(1, 512));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void FromTheMiddleOfAPage_ALongWriteArrivesWhole(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 << 10 });
        using TestDevice device = new(DeviceKind.Loop512);
        using IoMemory data = Pattern.Memory(600 << 10);
        int skip = device.Device.MemoryAlignment;
        Assert.Equal(default, client.Write(device.Region(3, 1001), data.Slice(skip, 1001 * 512)));
        device.AssertHolds(3, data.GetSpan().Slice(skip, 1001 * 512));
    }

    private static unsafe void SetReadOnly(TestDevice device, int on) =>
        Assert.Equal(0, Libc.Ioctl(device.Device.Descriptor, BlockAbi.BLKROSET, &on));
}
