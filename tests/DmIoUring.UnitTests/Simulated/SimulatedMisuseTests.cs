using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>Misuse is told by an exception that says what to do, and nothing has happened.</summary>
public sealed class SimulatedMisuseTests
{
    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    public static TheoryData<string, SimulatedDiskOptions> Wrong => new()
    {
        { "LogicalBlockSize", new SimulatedDiskOptions { LogicalBlockSize = 256 } },
        { "LogicalBlockSize", new SimulatedDiskOptions { LogicalBlockSize = 1000 } },
        { "LogicalBlockSize", new SimulatedDiskOptions { LogicalBlockSize = 128 << 10 } },
        { "MemoryAlignment", new SimulatedDiskOptions { MemoryAlignment = 1024 } },
        { "MemoryAlignment", new SimulatedDiskOptions { MemoryAlignment = 0 } },
        { "TornUnit", new SimulatedDiskOptions { TornUnit = 4096 } },
        { "Cache", new SimulatedDiskOptions { Cache = (SimulatedCache)3 } },
        { "Name", new SimulatedDiskOptions { Name = "" } },
        { "MaxDelay", new SimulatedDiskOptions { MaxDelay = TimeSpan.FromTicks(-1) } },
        { "ReadErrorRate", new SimulatedDiskOptions { ReadErrorRate = -0.1 } },
        { "WriteErrorRate", new SimulatedDiskOptions { WriteErrorRate = 1.1 } },
        { "FlushErrorRate", new SimulatedDiskOptions { FlushErrorRate = double.NaN } },
        { "ShortTransferRate", new SimulatedDiskOptions { ShortTransferRate = double.PositiveInfinity } },
        { "RetryRate", new SimulatedDiskOptions { RetryRate = -1 } },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void AnOptionOutOfItsRange_IsNamed(string option, SimulatedDiskOptions options)
    {
        using StorageSimulation simulation = new(1);
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => simulation.AddDisk(1 << 20, options));
        Assert.Equal(option, refused.ParamName);
        Assert.Empty(simulation.Disks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-4096)]
    [InlineData(4096 + 512)]
    public void ADisk_HasWholeBlocks(long bytes)
    {
        using StorageSimulation simulation = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(nameof(bytes), () => simulation.AddDisk(bytes, new SimulatedDiskOptions { LogicalBlockSize = 4096 }));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void ARealDevice_OnASimulatedClient_IsRefused(CallWay way)
    {
        using ScratchFolder folder = ScratchFolder.Create();
        using BlockDevice real = BlockDevice.Open(folder.PathOf("file"), new BlockDeviceOptions { Create = true, Length = 4096, Direct = false });
        using SimulatedBench bench = new(seed: 77);
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        foreach (IoRegion[] regions in new IoRegion[][] { [new IoRegion(real, 0, 8)], [bench.Region(0, 8), new IoRegion(real, 0, 8)] })
        {
            ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write(regions, data));
            Assert.Contains("a device of the kernel", refused.Message, StringComparison.Ordinal);
            Assert.Contains("seed 77", refused.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => client.Read(new IoRegion(real, 0, 8), data));
        Assert.Throws<ArgumentException>(() => client.Maintain(IoOperation.Flush, new IoRegion(real, 0, 0)));
        Assert.Empty(bench.Disk.Log);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void ASimulatedDevice_OnARealClient_IsRefused(CallWay way)
    {
        using SimulatedBench bench = new(seed: 77);
        using ClientUnderTest client = new(way);
        using IoMemory data = Pattern.Memory(4096);
        using ScratchFolder folder = ScratchFolder.Create();
        using BlockDevice real = BlockDevice.Open(folder.PathOf("file"), new BlockDeviceOptions { Create = true, Length = 4096, Direct = false });
        client.Warm(real);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write(bench.Region(0, 8), data));
        Assert.Contains("Make it with the simulation with seed 77", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => client.Read(bench.Region(0, 8), data));
        Assert.Throws<ArgumentException>(() => client.Maintain(IoOperation.Discard, bench.Region(0, 8)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void ADeviceOfAnotherSimulation_IsRefused(CallWay way)
    {
        using SimulatedBench bench = new(), other = new(seed: 2);
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        ArgumentException refused = Assert.Throws<ArgumentException>(() => client.Write(other.Region(0, 8), data));
        Assert.Contains("another one", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Should a check be missing, what reaches the kernel fails there.</summary>
    [Fact]
    public unsafe void ADevicesDescriptor_TakesNoTransfer()
    {
        using SimulatedBench bench = new();
        byte* memory = stackalloc byte[512];
        Assert.Equal(-Errno.EBADF, (int)Libc.Pread(bench.Device.Descriptor, memory, 512, 0));
        Assert.Equal(-Errno.EBADF, (int)Libc.Pwrite(bench.Device.Descriptor, memory, 512, 0));
        Assert.Equal(-Errno.EBADF, Libc.Fdatasync(bench.Device.Descriptor));
        Assert.Equal(-Errno.EBADF, Libc.Fallocate(bench.Device.Descriptor, 0, 0, 512));
    }

    /// <summary>Should the engine ever hand on what a device refuses, it shows here as it would there.</summary>
    [Fact]
    public unsafe void AnEntryThatTheKernelWouldRefuse_IsRefused()
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { LogicalBlockSize = 4096 });
        using IoMemory memory = IoMemory.Allocate(8192);
        SimulatedExecutor executor = bench.Simulation.NewExecutor();
        int Execute(byte opcode, int descriptor, ulong offset, int memoryOffset, uint length) => executor.Execute(
            new IoUringSqe { opcode = opcode, fd = descriptor, off = offset, addr = (ulong)((byte*)memory.Pointer + memoryOffset), len = length });

        int descriptor = bench.Device.Descriptor;
        Assert.Equal(4096, Execute(IoUring.IORING_OP_WRITE, descriptor, 4096, 0, 4096));
        Assert.Equal(-Errno.EINVAL, Execute(IoUring.IORING_OP_WRITE, descriptor, 512, 0, 4096));
        Assert.Equal(-Errno.EINVAL, Execute(IoUring.IORING_OP_READ, descriptor, 4096, 0, 512));
        Assert.Equal(-Errno.EINVAL, Execute(IoUring.IORING_OP_READ, descriptor, 4096, 4, 4096));
        Assert.Equal(-Errno.EINVAL, Execute(IoUring.IORING_OP_NOP, descriptor, 0, 0, 0));
        Assert.Equal(-Errno.EBADF, Execute(IoUring.IORING_OP_WRITE, descriptor: 0, 0, 0, 4096));
        Assert.Single(bench.Disk.Log);
    }

    [Fact]
    public void PowerThatIsOff_CantBeCut_AndCanBeRestoredTwice()
    {
        using SimulatedBench bench = new();
        bench.Disk.CutPower();
        Assert.Throws<InvalidOperationException>(() => bench.Disk.CutPower());
        Assert.Throws<InvalidOperationException>(() => bench.Simulation.CutPower());
        bench.Simulation.RestorePower();
        bench.Disk.RestorePower();
        Assert.Throws<ArgumentOutOfRangeException>("requests", () => bench.Disk.CutPowerAfter(-1));
        Assert.Throws<ArgumentOutOfRangeException>("operations", () => bench.Simulation.CutPowerAfter(0, MediumOperations.None));
        using StorageSimulation empty = new(1);
        Assert.Throws<InvalidOperationException>(() => empty.CutPower());
    }

    [Fact]
    public void FaultsAndLooks_OutsideOfWhatThereIs_AreRefused()
    {
        using SimulatedBench bench = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.Fail(MediumOperations.All, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.Fail(MediumOperations.All, 4096));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.Hold(MediumOperations.All, firstSector: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.Slow(MediumOperations.All, TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.Read(2047, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.ReadDurable(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Disk.Write(2048, [1]));
    }

    [Fact]
    public void ADisposedSimulation_MakesNothing_AndWhatItMadeCanBeDisposed()
    {
        using SimulatedBench bench = new();
        DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512);
        bench.Simulation.Dispose();
        Assert.Equal(Errno.ENODEV, client.Write(bench.Region(0, 1), data).First.Errno);
        client.Dispose();
        bench.Simulation.Dispose();
        Assert.Throws<ObjectDisposedException>(() => bench.Simulation.AddDisk(512));
        Assert.Throws<ObjectDisposedException>(() => bench.Simulation.CreateClient());
        Assert.Throws<ObjectDisposedException>(() => bench.Simulation.CreateReactor());
        Assert.Throws<ObjectDisposedException>(() => bench.Simulation.RestorePower());
        Assert.Throws<ObjectDisposedException>(() => bench.Disk.Open());
    }

    [Fact]
    public void ADeviceThatWasDisposed_IsRefused_AndTheDiskCanBeOpenedAgain()
    {
        using SimulatedBench bench = new();
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512);
        Assert.True(client.Write(bench.Region(0, 1), data).IsSuccess);
        bench.Device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Write(bench.Region(0, 1), data));
        using BlockDevice again = bench.Disk.Open();
        Assert.True(client.Read(new IoRegion(again, 0, 1), data).IsSuccess);
        Assert.True(data.GetSpan().SequenceEqual(Pattern.Bytes(512)));
    }
}
