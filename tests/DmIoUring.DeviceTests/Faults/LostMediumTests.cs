using DmIoUring.DeviceTests.Client;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>What is under a device shrinks, fills up or goes away.</summary>
public sealed class LostMediumTests
{
    private const MediumOperations Write = MediumOperations.Write;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ATruncatedBackingFile_FailsReadsPastItsEnd_UntilAWriteMakesItGrow(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        device.Loop.TruncateBacking(256 << 10);
        IoResult read = client.Read(device.Region(1024, 8), data);
        Assert.Equal("0b1", read.Failed.ToString());
        Assert.Equal(new IoFailure(0, 1024, Errno.EIO, IoFailureCause.Device), read.First);
        Pattern.Bytes(4096).CopyTo(data.GetSpan());
        Assert.Equal(default, client.Write(device.Region(1024, 8), data));
        Assert.Equal((1024 + 8) * 512, device.MediumLength);
        data.GetSpan().Clear();
        Assert.Equal(default, client.Read(device.Region(1024, 8), data));
        Assert.True(data.GetSpan().SequenceEqual(Pattern.Bytes(4096)));

        // The hole between the cut and the write has come back as zeroes.
        Assert.Equal(default, client.Read(device.Region(512, 8), data));
        Assert.Equal(-1, data.GetSpan().IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ADeviceThatShrinks_IsWrittenUpToItsEnd_AndWholeWhenRegrown(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using TestDevice sibling = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        device.Loop.Resize(512 << 10);

        // One piece: the kernel writes what fits and says so; the rest has no room.
        IoResult result = client.Write([sibling.Region(0, 128), device.Region(1024 - 40, 128)], data);
        Assert.Equal(("0b10", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
        Assert.Equal(new IoFailure(1, 1024, Errno.ENOSPC, IoFailureCause.Device), result.First);
        device.AssertHolds(1024 - 40, data.GetSpan()[..(40 * 512)]);
        sibling.AssertHolds(0, data.GetSpan());
        device.Loop.Resize(1 << 20);
        Assert.Equal(default, client.Write([sibling.Region(0, 128), device.Region(1024 - 40, 128)], data));
        device.AssertHolds(1024 - 40, data.GetSpan());
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AFullBackingStore_IsNoSpace_AndFineWhenThereIsSomeAgain(CallWay way)
    {
        using MountedFolder store = MountedFolder.Tmpfs(1 << 20);
        using LoopDevice loop = LoopDevice.Create(4 << 20, new LoopDeviceOptions { Folder = store.Path, Merges = false });
        using BlockDevice device = BlockDevice.Open(loop.Path);
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using TestDevice sibling = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        string filler = store.PathOf("filler");
        Assert.Throws<IOException>(() => File.WriteAllBytes(filler, new byte[2 << 20]));
        IoResult result = client.Write([new IoRegion(device, 2048, 128), sibling.Region(0, 128)], data);
        Assert.Equal(("0b1", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
        Assert.Equal(new IoFailure(0, 2048, Errno.ENOSPC, IoFailureCause.Device), result.First);
        sibling.AssertHolds(0, data.GetSpan());
        File.Delete(filler);
        Assert.Equal(default, client.Write([new IoRegion(device, 2048, 128), sibling.Region(0, 128)], data));
        using IoMemory read = IoMemory.Allocate(64 << 10);
        Assert.Equal(default, client.Read(new IoRegion(device, 2048, 128), read));
        Assert.True(read.GetSpan().SequenceEqual(data.GetSpan()));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ARamDiskAtItsLimit_FailsWhatDoesNotCompress_UntilItIsRaised(CallWay way)
    {
        Require.That(ZramDevice.WhyUnavailable());
        using ZramDevice zram = ZramDevice.Create(16 << 20);
        using BlockDevice device = BlockDevice.Open(zram.Path);
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 << 10 });
        using TestDevice sibling = new(size: 8 << 20);
        using IoMemory data = Pattern.Memory(8 << 20);
        zram.LimitMemory(1 << 20);
        IoResult result = client.Write([new IoRegion(device, 0, 16384), sibling.Region(0, 16384)], data);
        Assert.Equal(("0b1", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
        Assert.Equal((0, Errno.EIO, IoFailureCause.Device), (result.First.Region, result.First.Errno, result.First.Cause));
        Assert.InRange(result.First.Sector, 0, 16383);
        sibling.AssertHolds(0, data.GetSpan());
        zram.LimitMemory(0);
        Assert.Equal(default, client.Write(new IoRegion(device, 0, 16384), data));
        using IoMemory read = IoMemory.Allocate(8 << 20);
        Assert.Equal(default, client.Read(new IoRegion(device, 0, 16384), read));
        Assert.True(read.GetSpan().SequenceEqual(data.GetSpan()));
    }

    [Fact]
    public void ADeviceDetachedInFlight_StaysUntilItsLastUserIsGone()
    {
        using DmIoClient client = new();
        using FaultDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification notification = new();
        using (Fault held = device.File.Hold(Write))
        {
            client.SubmitWrite(device.Region(0, 8), data, Notification.Arrived, notification);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Detach(device.Device);
            Assert.Equal(0, notification.Calls);
        }

        Assert.Equal(default, notification.Wait());
        Assert.Equal(default, client.Write(device.Region(8, 8), data));
        device.AssertHolds(0, data.GetSpan());
        device.AssertHolds(8, data.GetSpan());
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AFileSystemShutDown_FailsItsDevices_AndNoOther(CallWay way)
    {
        using MountedFolder store = MountedFolder.Ext4();
        using LoopDevice loop = LoopDevice.Create(1 << 20, new LoopDeviceOptions { Folder = store.Path });
        File.WriteAllBytes(store.PathOf("file"), new byte[1 << 20]);
        using BlockDevice block = BlockDevice.Open(loop.Path);
        using BlockDevice file = BlockDevice.Open(store.PathOf("file"));
        using TestDevice healthy = new();
        using ClientUnderTest client = new(way);
        using IoMemory data = Pattern.Memory(4096);
        IoRegion[] regions = [new IoRegion(block, 16, 8), healthy.Region(0, 8), new IoRegion(file, 24, 8)];
        Assert.Equal(default, client.Write(regions, data));
        ShutDown(store.Path);
        for (int i = 0; i < 3; i++)
        {
            IoReport report = new();
            IoResult result = client.Write(regions, data, new IoRequestOptions(IoFlags.Fua, Report: report));
            Assert.Equal(("0b101", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
            Assert.Equal(new IoFailure(0, 16, Errno.EIO, IoFailureCause.Device), result.First);
            Assert.Equal(new IoFailure(2, 24, Errno.EIO, IoFailureCause.Device), report[2]);
            Assert.Equal(new IoFailure(0, 24, Errno.EIO, IoFailureCause.Device), client.Read(new IoRegion(file, 24, 8), data).First);
            Pattern.Bytes(4096).CopyTo(data.GetSpan());
            Assert.True(block.AcknowledgeDoubt(block.Doubt!));
            Assert.True(file.AcknowledgeDoubt(file.Doubt!));
        }

        Assert.Null(healthy.Device.Doubt);
        Assert.Equal(default, client.Write(healthy.Region(8, 8), data));
    }

    [Theory]
    [InlineData(DeviceKind.Loop512, Errno.EIO)]
    [InlineData(DeviceKind.File, Errno.ECONNABORTED)]
    public void AMediumThatDies_FailsWhatIsInFlight_AndAllThatComes(DeviceKind kind, int errno)
    {
        using DmIoClient client = new();
        using FaultDevice dying = new(kind);
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification[] notifications = [.. Enumerable.Range(0, 64).Select(static _ => new Notification())];
        using Fault held = dying.File.Hold(Write);
        for (int i = 0; i < 64; i++)
            client.SubmitWrite([healthy.Region(i * 16, 8), dying.Region(i * 16, 8)], data, Notification.Arrived, notifications[i]);
        Assert.True(held.WaitForHits(64, Notification.Limit));
        dying.File.Die();
        for (int i = 0; i < 64; i++)
        {
            IoResult result = notifications[i].Wait();
            Assert.Equal(("0b10", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));
            Assert.Equal(new IoFailure(1, i * 16, errno, IoFailureCause.Device), result.First);
        }

        IoResult later = client.Write([healthy.Region(0, 8), dying.Region(0, 8)], data);
        Assert.Equal("0b10", later.Failed.ToString());
        Assert.Equal(kind == DeviceKind.File ? Errno.ENOTCONN : Errno.EIO, later.First.Errno);
        Assert.Equal(default, client.Write(healthy.Region(0, 8), data));
    }

    private static unsafe void Detach(BlockDevice device) => Assert.Equal(0, Libc.Ioctl(device.Descriptor, BlockAbi.LOOP_CLR_FD, null));

    /// <summary>EXT4_IOC_SHUTDOWN, without flushing the log.</summary>
    private static unsafe void ShutDown(string folder)
    {
        const nuint shutDown = 0x8004587D;
        const int directory = 0x10000;
        uint withoutFlush = 2;
        int descriptor = Libc.Open(folder, directory, 0);
        int result = Libc.Ioctl(descriptor, shutDown, &withoutFlush);
        _ = Libc.Close(descriptor);
        Assert.Equal(0, result);
    }
}
