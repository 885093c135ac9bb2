using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed class RegisteredFilesTests
{
    [Fact]
    public void ADevice_IsRegisteredOnce_AndAllItsEntriesNameItsSlot()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, holdsDevices: true);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(bench.Write(Block(bench, 0), Block(bench, 1)).IsSuccess);
            Assert.True(bench.Read(Block(bench, 0)).IsSuccess);
            foreach (IoOperation operation in (IoOperation[])[IoOperation.Flush, IoOperation.WriteZeroes, IoOperation.Discard])
                bench.RunToEnd(bench.Start(operation, Block(bench, 1)));
        }

        Assert.Equal(1, script.FileTables);
        Assert.Equal(2, script.RegisteredFiles.Count);
        Assert.All(script.Taken, entry => Assert.Equal(IoUring.IOSQE_FIXED_FILE, entry.flags));
        Assert.Equal(script.RegisteredFiles.Keys.Order(), script.Taken.Select(static entry => entry.fd).Distinct().Order());
        Assert.Equal(0, bench.Engine.RegisterFilesErrno);
        Assert.True(script.Disk(bench.Devices[0]).AsSpan(0, 512).SequenceEqual(bench.Memory.GetSpan()[..512]));
    }

    [Theory]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.EINVAL)]
    [InlineData(Errno.ENOMEM)]
    public void WithoutATable_DevicesTravelByTheirDescriptors_AndTheReasonIsKept(int errno)
    {
        using RingScript script = new() { FileTableAnswer = -errno };
        using EngineBench bench = new(script, holdsDevices: true);
        for (int i = 0; i < 3; i++)
            Assert.True(bench.Write(Block(bench, 0), Block(bench, 1)).IsSuccess);

        Assert.All(script.Taken, entry => Assert.Equal(0, entry.flags));
        Assert.Equal([bench.Devices[0].Descriptor, bench.Devices[1].Descriptor], script.Taken.Select(static entry => entry.fd).Distinct());
        Assert.Equal((errno, 1), (bench.Engine.RegisterFilesErrno, script.FileTables));
        Assert.Contains(Errno.Name(errno), Diagnostics.RegistrationText.OfDevices(isWanted: true, errno).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ARefusedFile_TravelsByItsDescriptor_OthersByTheirSlots()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, holdsDevices: true);
        int refused = bench.Devices[0].Number & (DeviceTable.Slots - 1);
        script.FileAnswer = slot => slot == refused ? -Errno.ENOMEM : 0;
        Assert.True(bench.Write(Block(bench, 0), Block(bench, 1)).IsSuccess);

        Assert.Equal([(0, bench.Devices[0].Descriptor), (IoUring.IOSQE_FIXED_FILE, bench.Devices[1].Number & (DeviceTable.Slots - 1))], script.Taken.Select(static entry => ((int)entry.flags, entry.fd)));
        Assert.Equal(Errno.ENOMEM, bench.Engine.RegisterFilesErrno);
        Assert.All(Enumerable.Range(0, 2), i => Assert.NotEqual(-1, script.Disk(bench.Devices[i]).AsSpan().IndexOfAnyExcept((byte)0)));
    }

    [Fact]
    public void ADisposedDevice_StaysRegistered_UntilNothingIsUnderWayOnIt()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, holdsDevices: true);
        script.CompletePerEnter = static count => Math.Min(count, 1);
        Request request = bench.Start(IoOperation.Write, Block(bench, 0), Block(bench, 0, 1));
        bench.Devices[0].Dispose();
        bench.Turn();
        bench.Turn();
        Assert.False(request.IsDone && script.RegisteredFiles.Count == 0, "It was let go of before the request's end was told.");
        bench.RunToEnd(request);
        Assert.Single(script.RegisteredFiles);

        bench.Engine.Enter(0);

        Assert.Empty(script.RegisteredFiles);
        Assert.True(request.Result.IsSuccess);
    }

    [Fact]
    public void ASlotThatIsUsedAgain_NamesItsNewDevice()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, devices: DeviceTable.Slots + 4, holdsDevices: true);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < bench.Devices.Count; i++)
            {
                bench.Memory.GetSpan()[..4096].Fill((byte)(i % 251 + round + 1));
                Assert.True(bench.Write(Block(bench, i, round)).IsSuccess);
            }
        }

        Assert.InRange(script.RegisteredFiles.Count, 1, DeviceTable.Slots);
        long block = bench.Block * IoRegion.SectorSize;
        for (int i = 0; i < bench.Devices.Count; i++)
        {
            ReadOnlySpan<byte> disk = script.Disk(bench.Devices[i]);
            Assert.Equal(-1, disk[..(int)block].IndexOfAnyExcept((byte)(i % 251 + 1)));
            Assert.Equal(-1, disk.Slice((int)block, (int)block).IndexOfAnyExcept((byte)(i % 251 + 2)));
        }
    }

    [Fact]
    public void MoreDevicesThanSlots_AllUnderWay_TravelByDescriptorsPastThem()
    {
        using RingScript script = new(capacity: 512, queueLength: 512);
        using EngineBench bench = new(script, devices: DeviceTable.Slots + 4, holdsDevices: true);
        Request[] requests = [.. Enumerable.Range(0, bench.Devices.Count).Select(i => bench.Start(IoOperation.Write, Block(bench, i)))];
        Array.ForEach(requests, bench.RunToEnd);

        Assert.Equal(4, script.Taken.Count(static entry => entry.flags == 0));
        Assert.Equal(DeviceTable.Slots, script.RegisteredFiles.Count);
        Assert.All(bench.Devices, device => Assert.NotEqual(-1, script.Disk(device).AsSpan().IndexOfAnyExcept((byte)0)));
    }

    private static IoRegion Block(EngineBench bench, int device, long index = 0) => new(bench.Devices[device], index * bench.Block, bench.Block);
}
