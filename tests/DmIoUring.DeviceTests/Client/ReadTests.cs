using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>One region into one buffer.</summary>
public sealed class ReadTests
{
    private const byte Stale = 0x55;

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void OneRegion_IsReadWhole_AndNothingAroundTheBufferChanges(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        byte[] bytes = Pattern.Bytes(24 * 512);
        device.SetMedium(64, bytes);
        using IoMemory memory = StaleMemory(3 * 24 * 512);
        Assert.Equal(default, client.Read(device.Region(64, 24), memory.Slice(24 * 512, 24 * 512)));
        Assert.True(memory.GetSpan().Slice(24 * 512, 24 * 512).SequenceEqual(bytes));
        Assert.False(memory.GetSpan()[..(24 * 512)].ContainsAnyExcept(Stale));
        Assert.False(memory.GetSpan()[(48 * 512)..].ContainsAnyExcept(Stale));
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void ABufferLongerThanTheRegion_KeepsItsTail(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(kind);
        using IoMemory memory = StaleMemory(16 * 512);
        Assert.Equal(default, client.Read(device.Region(0, 8), memory));
        Assert.False(memory.GetSpan()[..(8 * 512)].ContainsAnyExcept(TestDevice.Untouched));
        Assert.False(memory.GetSpan()[(8 * 512)..].ContainsAnyExcept(Stale));
    }

    [Theory]
    [MemberData(nameof(Ways.AllDevices), MemberType = typeof(Ways))]
    public void ManyChunks_ArriveInOrder(CallWay way, DeviceKind kind)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 16 << 10, QueueDepth = 4 });
        using TestDevice device = new(kind, 2 << 20);
        byte[] bytes = Pattern.Bytes((5 << 18) + (24 * 512));
        device.SetMedium(16, bytes);
        using IoMemory memory = IoMemory.Allocate(bytes.Length);
        Assert.Equal(default, client.Read(device.Region(16, bytes.Length / 512), memory));
        Assert.True(memory.GetSpan().SequenceEqual(bytes));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AFailedRead_LeavesZeroes(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        device.Loop.TruncateBacking(512 << 10);
        using IoMemory memory = StaleMemory(64 * 512);
        IoResult result = client.Read(device.Region(1024, 64), memory);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 1024, Errno.EIO, IoFailureCause.Device), result.First);
        Assert.False(memory.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AReadThatFailsHalfWay_KeepsWhatCame_AndZeroesTheRest(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 << 10 });
        using TestDevice device = new();
        device.Loop.TruncateBacking(512 << 10);
        using IoMemory memory = StaleMemory(1 << 20);
        IoResult result = client.Read(device.Region(0, 2048), memory);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 1024, Errno.EIO, IoFailureCause.Device), result.First);
        Assert.False(memory.GetSpan()[..(512 << 10)].ContainsAnyExcept(TestDevice.Untouched));
        Assert.False(memory.GetSpan()[(512 << 10)..].ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void ADeviceThatEndedMeanwhile_KeepsWhatCame_AndSaysWhereItEnded(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        device.Loop.Resize(512 << 10);
        using IoMemory memory = StaleMemory(64 * 512);
        IoResult result = client.Read(device.Region(1024 - 24, 64), memory);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 1024, Errno.EIO, IoFailureCause.EndedEarly), result.First);
        Assert.False(memory.GetSpan()[..(24 * 512)].ContainsAnyExcept(TestDevice.Untouched));
        Assert.False(memory.GetSpan()[(24 * 512)..].ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void BeyondTheEnd_FailsWithoutIo_AndLeavesZeroes(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using IoMemory memory = StaleMemory(16 * 512);
        IoResult result = client.Read(device.Region(device.Device.SectorCount - 8, 16), memory);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, device.Device.SectorCount - 8, Errno.EIO, IoFailureCause.BeyondEnd), result.First);
        Assert.False(memory.GetSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OffTheLogicalBlock_IsUnsupported_AndLeavesZeroes(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new(DeviceKind.Loop4096);
        using IoMemory memory = StaleMemory(16 * 512);
        IoResult result = client.Read(device.Region(4, 8), memory);
        Assert.True(result.Failed.IsEmpty);
        Assert.Equal("0b1", result.Unsupported.ToString());
        Assert.Equal(new IoFailure(0, 4, Errno.EINVAL, IoFailureCause.Misaligned), result.First);
        Assert.False(memory.GetSpan()[..(8 * 512)].ContainsAnyExcept((byte)0));
        Assert.False(memory.GetSpan()[(8 * 512)..].ContainsAnyExcept(Stale));
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AGrownDevice_IsReadToItsNewEnd_AfterRefresh(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        device.Loop.Resize(2 << 20);
        using IoMemory memory = IoMemory.Allocate(8 * 512);
        Assert.Equal(IoFailureCause.BeyondEnd, client.Read(device.Region(4088, 8), memory).First.Cause);
        device.Device.Refresh();
        Assert.Equal(default, client.Read(device.Region(4088, 8), memory));
    }

    private static IoMemory StaleMemory(long length)
    {
        IoMemory memory = IoMemory.Allocate(length);
        memory.GetSpan().Fill(Stale);
        return memory;
    }
}
