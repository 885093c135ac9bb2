using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.ScratchDevices;

/// <summary>The faulty medium does what it is told, seen through the kernel's own reads and writes.</summary>
public sealed class FaultFileTests
{
    private const MediumOperations Write = MediumOperations.Write;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void ALoopDeviceOnIt_IsDirect_AndHoldsWhatIsWritten(int blockSize)
    {
        RequireFault.Here();
        using FaultFile file = FaultFile.Create(8 << 20);
        using LoopDevice loop = LoopDevice.Over(file.Path, new LoopDeviceOptions { BlockSize = blockSize });
        Assert.True(loop.DirectIo);
        Assert.Equal(8 << 20, loop.Size);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4 << 20);
        Assert.Equal(default, client.Write(new IoRegion(device, 8, 8192), data));
        Assert.True(data.GetSpan().SequenceEqual(file.Read(8, 8192)));
        data.GetSpan().Clear();
        Assert.Equal(default, client.Read(new IoRegion(device, 8, 8192), data));
        Assert.True(data.GetSpan().SequenceEqual(Pattern.Bytes(4 << 20)));
    }

    [Fact]
    public void AFault_StrikesItsSectorsAndOperationsOnly_AsOftenAsItIsTold()
    {
        using FaultDevice device = new();
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        using Fault fault = device.File.Fail(Write, Errno.EIO, firstSector: 16, sectors: 8, times: 2);
        Assert.Equal(default, client.Write(device.Region(8, 8), data));
        Assert.Equal(default, client.Write(device.Region(24, 8), data));
        Assert.Equal(default, client.Read(device.Region(16, 8), data));
        Assert.Equal(0, fault.Hits);
        for (int i = 1; i <= 2; i++)
        {
            Assert.Equal(new IoFailure(0, 16, Errno.EIO, IoFailureCause.Device), client.Write(device.Region(16, 8), data).First);
            Assert.Equal(i, fault.Hits);
        }

        Assert.Equal(default, client.Write(device.Region(16, 8), data));
        Assert.Equal(2, fault.Hits);
    }

    [Fact]
    public void AHeldRequest_HoldsUpNoOther_AndIsDoneOnRelease()
    {
        using FaultDevice device = new();
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification notification = new();
        using (Fault held = device.File.Hold(Write, firstSector: 0, sectors: 8))
        {
            client.SubmitWrite(device.Region(0, 8), data, Notification.Arrived, notification);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            Assert.Equal(default, client.Write(device.Region(8, 8), data));
            Assert.Equal(0, notification.Calls);
            Assert.Equal(-1, device.File.Read(0, 8).AsSpan().IndexOfAnyExcept(TestDevice.Untouched));
        }

        Assert.Equal(default, notification.Wait());
        Assert.True(data.GetSpan().SequenceEqual(device.File.Read(0, 8)));
    }

    [Fact]
    public void TheLog_HasEveryRequest_InOneSequence()
    {
        using FaultDevice device = new();
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(8192);
        device.File.ClearLog();
        using (Fault failing = device.File.Fail(Write, Errno.EIO, firstSector: 64))
            client.Write(device.Region(64, 16), data);
        client.Write(device.Region(8, 8), data);
        client.Flush([device.Region(0, 0)]);
        client.Read(device.Region(8, 8), data);
        Assert.Equal(
            [(Write, 64, 8192, Errno.EIO), (Write, 8, 4096, 0), (MediumOperations.Flush, 0, 0, 0), (MediumOperations.Read, 8, 4096, 0)],
            device.File.Log.Select(static request => (request.Operation, request.Sector, request.Length, request.Errno)));
        Assert.Equal(Enumerable.Range(device.File.Log[0].Begin, 8), device.File.Log.SelectMany(static request => new[] { request.Begin, request.End!.Value }));
    }

    [Fact]
    public void APowerCut_LosesUnflushedSectors_AndFailsAllUntilPowerUp()
    {
        HashSet<int> lost = [];
        for (int seed = 0; seed < 20; seed++)
        {
            using FaultDevice device = new(options: new FaultFileOptions { Volatile = true });
            using DmIoClient client = new();
            using IoMemory data = Pattern.Memory(64 << 10);
            Assert.Equal(default, client.Write(device.Region(0, 128), data));
            PowerLoss cut = device.File.PowerCut(seed);
            Assert.Equal(128, cut.Lost + cut.Kept);
            lost.Add(cut.Lost);
            Assert.Equal(Errno.EIO, client.Write(device.Region(0, 8), data).First.Errno);
            Assert.Equal(Errno.EIO, client.Read(device.Region(0, 8), data).First.Errno);
            device.File.PowerUp();
            Assert.Equal(default, client.Read(device.Region(0, 128), data));
            int kept = Enumerable.Range(0, 128).Count(i => data.GetSpan().Slice(i * 512, 512).SequenceEqual(Pattern.Bytes(64 << 10).AsSpan(i * 512, 512)));
            Assert.Equal(cut.Kept, kept);
            Assert.True(data.GetSpan().SequenceEqual(device.File.ReadDurable(0, 128)));
        }

        Assert.Contains(0, lost);
        Assert.Contains(128, lost);
        Assert.Contains(lost, static count => count is > 0 and < 128);
    }

    [Fact]
    public void AFlushThatFails_KeepsNothing()
    {
        using FaultDevice device = new(options: new FaultFileOptions { Volatile = true });
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal(default, client.Write(device.Region(0, 8), data));
        using (device.File.Fail(MediumOperations.Flush, Errno.EIO))
            Assert.Equal(Errno.EIO, client.Flush([device.Region(0, 0)]).First.Errno);
        Assert.Equal(-1, device.File.ReadDurable(0, 8).AsSpan().IndexOfAnyExcept(TestDevice.Untouched));
        device.AcknowledgeDoubt();
        Assert.Equal(default, client.Flush([device.Region(0, 0)]));
        Assert.True(data.GetSpan().SequenceEqual(device.File.ReadDurable(0, 8)));
    }

    [Fact]
    public void DisposedWithRequestsHeld_ItFailsThem()
    {
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification notification = new();
        using (FaultDevice device = new())
        {
            Fault held = device.File.Hold(Write);
            client.SubmitWrite(device.Region(0, 8), data, Notification.Arrived, notification);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            device.File.Dispose();
            Assert.Equal(Errno.EIO, notification.Wait().First.Errno);
            held.Dispose();
        }
    }
}
