using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Flush, discard and zeroes on real devices.</summary>
public sealed class OperationTests
{
    public static TheoryData<CallWay, DeviceKind> AllDevices => Ways.AllDevices;

    [Theory]
    [MemberData(nameof(AllDevices))]
    public void Flush_OfAnyRegions_Succeeds_AndWritesNothing(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using TestDevice other = new(DeviceKind.Loop512);

        // A flush is of the whole device: where the region lies does not matter.
        IoRegion[] regions = [device.Region(0, 0), IoRegion.Whole(other.Device), device.Region(1, 1), other.Region(1 << 30, 8)];
        Assert.Equal(default, client.Maintain(IoOperation.Flush, regions));
        Assert.Equal(default, client.Maintain(IoOperation.Flush, [.. Enumerable.Repeat(device.Region(0, 0), 64)]));
        device.AssertUntouched();
        other.AssertUntouched();
    }

    [Theory]
    [MemberData(nameof(AllDevices))]
    public void Discard_PunchesTheMedium_AndLeavesItsNeighbours(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        Require.Discards(device.Path);
        using TestDevice sibling = new(kind);
        Assert.Equal(default, client.Maintain(IoOperation.Discard, device.Region(64, 128), sibling.Region(1024, 8), device.Region(512, 0)));

        // The files below are on file systems with holes.
        device.AssertHolds(64, new byte[128 * 512]);
        sibling.AssertHolds(1024, new byte[8 * 512]);
        device.AssertUntouched(0, 64);
        device.AssertUntouched(192, device.Device.SectorCount - 192);
        sibling.AssertUntouched(0, 1024);
        sibling.AssertUntouched(1032, 64);
        Assert.Equal(1 << 20, device.MediumLength);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void Discard_WhereADeviceHasNone_IsUnsupportedThereOnly(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice with = new();
        Require.Discards(with.Path);
        using TestDevice without = WithoutDiscard();
        IoResult result = client.Maintain(IoOperation.Discard, with.Region(8, 8), without.Region(8, 8), with.Region(32, 8));
        Assert.Equal("0b10", result.Unsupported.ToString());
        Assert.True(result.Failed.IsEmpty);
        Assert.Equal(new IoFailure(1, 8, Errno.EOPNOTSUPP, IoFailureCause.Device), result.First);
        without.AssertUntouched();
        with.AssertHolds(8, new byte[4096]);
        with.AssertHolds(32, new byte[4096]);
    }

    [Theory]
    [MemberData(nameof(AllDevices))]
    public void WriteZeroes_ReadBackAsZeroes_AndLeaveTheirNeighbours(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using TestDevice sibling = new(kind);
        using IoMemory read = Pattern.Memory(128 * 512);
        Assert.Equal(default, client.Maintain(IoOperation.WriteZeroes, device.Region(64, 128), sibling.Region(1024, 8), sibling.Region(0, 0)));
        Assert.Equal(default, client.Read(device.Region(64, 128), read));
        Assert.Equal(-1, read.GetSpan().IndexOfAnyExcept((byte)0));
        device.AssertHolds(64, new byte[128 * 512]);
        sibling.AssertHolds(1024, new byte[4096]);
        device.AssertUntouched(0, 64);
        device.AssertUntouched(192, device.Device.SectorCount - 192);
        sibling.AssertUntouched(0, 1024);
        sibling.AssertUntouched(1032, 64);
        Assert.Equal(1 << 20, device.MediumLength);
    }

    /// <summary>tmpfs has no FALLOC_FL_ZERO_RANGE.</summary>
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void WriteZeroes_WhereTheKernelHasNone_AreWritten(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using ScratchFile file = ScratchFile.Create(4 << 20, "/dev/shm");
        byte[] medium = Pattern.Bytes(4 << 20);
        File.WriteAllBytes(file.Path, medium);
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        Assert.Equal(default, client.Maintain(IoOperation.WriteZeroes, new IoRegion(device, 3, 5000), new IoRegion(device, 6001, 1)));
        medium.AsSpan(3 * 512, 5000 * 512).Clear();
        medium.AsSpan(6001 * 512, 512).Clear();
        Assert.True(medium.AsSpan().SequenceEqual(File.ReadAllBytes(file.Path)));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OffTheBlock_AndBeyondTheEnd_AreTheRegionsOwnMatter(CallWay way)
    {
        foreach (IoOperation operation in new[] { IoOperation.WriteZeroes, IoOperation.Discard })
        {
            using ClientUnderTest client = new(way);
            using TestDevice large = new(DeviceKind.Loop4096);
            using TestDevice small = new(DeviceKind.Loop512);
            using TestDevice file = new(DeviceKind.File);
            if (operation == IoOperation.Discard)
                Require.Discards(small.Path);
            long end = file.Device.SectorCount;
            IoResult result = client.Maintain(
                operation, large.Region(8, 8), large.Region(17, 8), small.Region(17, 1), file.Region(end - 8, 16), large.Region(24, 7), file.Region(8, 8));
            Assert.Equal("0b10010", result.Unsupported.ToString());
            Assert.Equal("0b1000", result.Failed.ToString());
            Assert.Equal(new IoFailure(1, 17, Errno.EINVAL, IoFailureCause.Misaligned), result.First);
            large.AssertHolds(8, new byte[4096]);
            small.AssertHolds(17, new byte[512]);
            file.AssertHolds(8, new byte[4096]);
            large.AssertUntouched(16, 64);
            file.AssertUntouched(16, end - 16);
            Assert.Equal(end * 512, file.MediumLength);
        }
    }

    [Theory]
    [MemberData(nameof(AllDevices))]
    public void OnADeviceOpenForReading_DiscardAndZeroesFail_AndItsSiblingIsDone(CallWay way, DeviceKind kind)
    {
        foreach (IoOperation operation in new[] { IoOperation.WriteZeroes, IoOperation.Discard })
        {
            using ClientUnderTest client = new(way);
            using TestDevice medium = new(kind);
            if (operation == IoOperation.Discard)
                Require.Discards(medium.Path);
            using TestDevice sibling = new(kind);
            using BlockDevice readOnly = BlockDevice.Open(medium.Path, DeviceAccess.Read);
            IoResult result = client.Maintain(operation, new IoRegion(readOnly, 8, 8), sibling.Region(8, 8));
            Assert.Equal("0b1", result.Failed.ToString());
            Assert.True(result.Unsupported.IsEmpty);
            Assert.Equal(new IoFailure(0, 8, Errno.EROFS, IoFailureCause.ReadOnly), result.First);
            medium.AssertUntouched();
            sibling.AssertHolds(8, new byte[4096]);
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void NoRegion_SixtyFive_OrAnImpossibleOne_IsRefused(CallWay way)
    {
        foreach (IoOperation operation in new[] { IoOperation.Flush, IoOperation.Discard, IoOperation.WriteZeroes })
        {
            using ClientUnderTest client = new(way);
            using TestDevice device = new();
            Assert.Throws<ArgumentException>(() => client.Maintain(operation));
            Assert.Throws<ArgumentException>(() => client.Maintain(operation, [.. Enumerable.Repeat(device.Region(0, 8), 65)]));
            Assert.Throws<ArgumentException>(() => client.Maintain(operation, device.Region(0, 8), device.Region(-1, 8)));
            Assert.Throws<ArgumentException>(() => client.Maintain(operation, device.Region(0, 8), device.Region(long.MaxValue / 512, 8)));
            Assert.Throws<ArgumentException>(() => client.Maintain(operation, device.Region(0, 8), default));
            device.AssertUntouched();
        }
    }

    [Fact]
    public void APriority_OnFlushDiscardAndZeroes_IsRefused()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        IoRegion[] regions = [device.Region(0, 8)];
        IoRequestOptions options = new(Priority: new IoPriority(IoPriorityClass.BestEffort));
        Assert.Throws<ArgumentException>(() => client.FlushAsync(regions, options).AsTask().Wait());
        Assert.Throws<ArgumentException>(() => client.DiscardAsync(regions, options).AsTask().Wait());
        Assert.Throws<ArgumentException>(() => client.WriteZeroesAsync(regions, options).AsTask().Wait());
        device.AssertUntouched();
    }

    /// <summary>A loop device over ramfs, which can't punch holes.</summary>
    internal static TestDevice WithoutDiscard()
    {
        RequireLoop.Here();
        using ScratchFolder folder = ScratchFolder.Create();
        ChildProcess? mount = ChildProcess.Run("mount", "-t", "ramfs", "ramfs", folder.Path);
        Require.That(mount is { ExitCode: 0 } ? null : "mount refuses: " + mount?.Errors);
        try
        {
            return new TestDevice(DeviceKind.Loop512, folder: folder.Path);
        }
        finally
        {
            // Lazily: the device's file has no name there and lives on.
            ChildProcess.Run("umount", "-l", folder.Path);
        }
    }
}
