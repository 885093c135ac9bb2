using DmIoUring.DeviceTests.Client;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>Devices that refuse non-blocking I/O: zram completes each transfer within the call, so whoever submits it makes the call.</summary>
public sealed class InlineDeviceTests
{
    private const int Size = 1 << 20;

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OnZram_ShortRegions_AreTransferredBySystemCalls_EveryWay(CallWay way)
    {
        using ZramDevice zram = NewZram();
        using BlockDevice device = BlockDevice.Open(zram.Path);
        using BlockDevice other = BlockDevice.Open(zram.Path);
        using ClientUnderTest client = new(way);
        using IoMemory memory = IoMemory.Allocate(4096);
        byte[] data = Pattern.Bytes(4096);
        data.CopyTo(memory.GetSpan());
        Assert.Equal(default, client.Write([new IoRegion(device, 0, 8), new IoRegion(other, 64, 8)], memory));
        Assert.InRange(client.Statistics.InlineTransfers, 1, 2);
        foreach ((BlockDevice from, long sector) in ((BlockDevice, long)[])[(device, 0), (other, 64)])
        {
            memory.GetSpan().Clear();
            Assert.Equal(default, client.Read(new IoRegion(from, sector, 8), memory));
            Assert.Equal(data, memory.GetSpan());
        }

        // A synchronous ring has the first of several inline; a lane and a reactor one of each device.
        Assert.InRange(client.Statistics.InlineTransfers + client.Statistics.DirectTransfers, 3, 4);
        Assert.InRange(client.Statistics.Entries - client.Statistics.Retries - client.Statistics.ShortTransfers, 0, 1);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void OnZram_LongRegions_UseWorkers_EveryWay(CallWay way)
    {
        const int length = 256 << 10;
        using ZramDevice zram = NewZram();
        using BlockDevice device = BlockDevice.Open(zram.Path);
        using ClientUnderTest client = new(way);
        using IoMemory memory = IoMemory.Allocate(length);
        byte[] data = Pattern.Bytes(length);
        data.CopyTo(memory.GetSpan());
        Assert.Equal(default, client.Write([new IoRegion(device, 0, length / 512), new IoRegion(device, 1024, length / 512)], memory));
        memory.GetSpan().Clear();
        Assert.Equal(default, client.Read(new IoRegion(device, 1024, length / 512), memory));
        Assert.Equal(data, memory.GetSpan());
        Assert.Equal(0, client.Statistics.InlineTransfers);
        Assert.True(client.Statistics.WorkerEntries >= 2, $"{client.Statistics.WorkerEntries} entries used a worker.");
    }

    [Fact]
    public void ADeviceTells_HowItIsTransferredTo()
    {
        using ZramDevice zram = NewZram();
        using BlockDevice inline = BlockDevice.Open(zram.Path);
        using TestDevice loop = new();
        using TestDevice file = new(DeviceKind.File);
        Assert.Equal((true, true), (inline.ReadAbilities().NeedsWorkers, inline.ReadAbilities().IsInline));
        Assert.Equal((false, false), (loop.Device.ReadAbilities().NeedsWorkers, loop.Device.ReadAbilities().IsInline));
        Assert.False(file.Device.ReadAbilities().IsInline);
        Assert.Null(inline.ReadAbilities().QueueDepth);
        Assert.InRange(loop.Device.ReadAbilities().QueueDepth ?? 0, 1, 4096);
    }

    [Fact]
    public void ABufferedDevice_IsNotInline()
    {
        using ZramDevice zram = NewZram();
        using BlockDevice device = BlockDevice.Open(zram.Path, new BlockDeviceOptions { Direct = false });
        Assert.False(device.ReadAbilities().IsInline);
    }

    /// <summary>The owner has transfers to make itself all the time: it enters the ring all the same, so that others go on.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatIsTransferredInline_WithoutEnd_DoesNotHoldUpOthers(bool onALane)
    {
        using ZramDevice zram = NewZram();
        using BlockDevice inline = BlockDevice.Open(zram.Path);
        using TestDevice other = new();
        using IoMemory memory = IoMemory.Allocate(8192);
        using ManualResetEventSlim ended = new();
        int repeats = 0;
        Action<IoRegion, IoBuffer, IoNotify> read;
        void Again(IoResult result, object? context)
        {
            Assert.True(result.IsSuccess);
            repeats++;
            if (!ended.IsSet)
                read(new IoRegion(inline, 0, 8), memory.Slice(0, 4096), Again);
        }

        void Ended(IoResult result, object? context) => ended.Set();

        if (onALane)
        {
            using DmIoClient client = new();
            read = (region, into, notify) => client.SubmitRead(region, into, notify);
            Start();
            Assert.True(ended.Wait(TimeSpan.FromSeconds(30)));
        }
        else
        {
            using IoReactor reactor = new();
            read = (region, into, notify) => reactor.SubmitRead(region, into, notify);
            Start();
            for (int polls = 0; !ended.IsSet; polls++)
            {
                Assert.True(polls < 100_000, "The other device's request has not ended in 100,000 polls.");
                reactor.Poll(1);
            }
        }

        Assert.True(repeats > 0);

        void Start()
        {
            read(new IoRegion(inline, 0, 8), memory.Slice(0, 4096), Again);
            read(other.Region(0, 8), memory.Slice(4096, 4096), Ended);
        }
    }

    private static ZramDevice NewZram()
    {
        if (ZramDevice.WhyUnavailable() is { } reason)
            Assert.Skip(reason);
        ZramDevice zram = ZramDevice.Create(Size);
        using (BlockDevice device = BlockDevice.Open(zram.Path))
        {
            if (device.ReadAbilities().NeedsWorkers)
                return zram;
        }

        zram.Dispose();
        Assert.Skip("This kernel does not tell which devices refuse non-blocking I/O: Linux 6.5 and later do.");
        return zram;
    }
}
