using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;
using static DmIoUring.Testing.MediumOperations;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>Each operation does on a simulated disk what it does on a real one, by every way in.</summary>
public sealed class SimulatedOperationTests
{
    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void AWrite_IsReadBack_AndIsDurableAfterAFlush(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(8192);
        Assert.Equal(default, client.Write(bench.Region(8, 16), data));
        Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(8, 16)));
        Assert.False(bench.IsDurable(8, data.GetSpan()));

        using IoMemory read = IoMemory.Allocate(8192);
        Assert.Equal(default, client.Read(bench.Region(8, 16), read));
        Assert.True(read.GetSpan().SequenceEqual(data.GetSpan()));

        Assert.Equal(default, client.Maintain(IoOperation.Flush, bench.Region(0, 0)));
        Assert.True(bench.IsDurable(8, data.GetSpan()));
        Assert.Equal([(Write, 8, 8192, false, 0), (Read, 8, 8192, false, 0), (Flush, 0, 0, false, 0)], bench.Logged());
        Assert.Equal(0, client.Statistics.DirectTransfers);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AWriteWithFua_IsDurable_AndNothingElseIs(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal(default, client.Write(bench.Region(0, 8), data));
        Assert.Equal(default, client.Write(bench.Region(8, 8), data, IoFlags.Fua));
        Assert.False(bench.IsDurable(0, data.GetSpan()));
        Assert.True(bench.IsDurable(8, data.GetSpan()));
        Assert.Equal([(Write, 0, 4096, false, 0), (Write, 8, 4096, true, 0)], bench.Logged());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AWriteWithFua_OnADiskWithout_IsAWriteAndAFlush(CallWay way)
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { Cache = SimulatedCache.WithoutFua });
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal(default, client.Write(bench.Region(8, 8), data, IoFlags.Fua));
        Assert.True(bench.IsDurable(8, data.GetSpan()));
        Assert.Equal([Write, Flush], bench.Logged().Select(static one => one.Operation));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void WithoutACache_AWriteIsDurableWhenItEnds(CallWay way)
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { Cache = SimulatedCache.None });
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal(default, client.Write(bench.Region(8, 8), data));
        Assert.True(bench.IsDurable(8, data.GetSpan()));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void AWriteWithPreflush_FindsWhatCameBeforeDurable(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal(default, client.Write(bench.Region(0, 8), data));
        Assert.Equal(default, client.Write(bench.Region(8, 8), data, IoFlags.Preflush));
        Assert.True(bench.IsDurable(0, data.GetSpan()));
        Assert.False(bench.IsDurable(8, data.GetSpan()));
        Assert.Equal([Write, Flush, Write], bench.Logged().Select(static one => one.Operation));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void DiscardsAndZeroes_ReadAsZeroes_AndAreLostUntilFlushed(CallWay way)
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { DiscardZeroesData = true });
        bench.Disk.Write(0, Pattern.Bytes(8192));
        using ClientUnderTest client = bench.NewClient(way);
        Assert.Equal(default, client.Maintain(IoOperation.Discard, bench.Region(0, 8)));
        Assert.Equal(default, client.Maintain(IoOperation.WriteZeroes, bench.Region(8, 8)));
        Assert.False(bench.Disk.Read(0, 16).AsSpan().ContainsAnyExcept((byte)0));
        Assert.True(bench.IsDurable(0, Pattern.Bytes(8192)));
        Assert.Equal(default, client.Maintain(IoOperation.Flush, bench.Region(0, 0)));
        Assert.False(bench.Disk.ReadDurable(0, 16).AsSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void WithoutDiscardsAndZeroes_DiscardsAreUnsupported_AndZeroesAreWritten(CallWay way)
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { HasDiscard = false, HasWriteZeroes = false });
        bench.Disk.Write(0, Pattern.Bytes(8192));
        using ClientUnderTest client = bench.NewClient(way);
        IoResult result = client.Maintain(IoOperation.Discard, bench.Region(0, 8));
        Assert.Equal((RegionBits.None, new RegionBits(1)), (result.Failed, result.Unsupported));
        Assert.Equal(new IoFailure(0, 0, Errno.EOPNOTSUPP, IoFailureCause.Device), result.First);
        Assert.Equal(default, client.Maintain(IoOperation.WriteZeroes, bench.Region(8, 8)));
        Assert.True(Pattern.Bytes(8192).AsSpan(0, 4096).SequenceEqual(bench.Disk.Read(0, 8)));
        Assert.False(bench.Disk.Read(8, 8).AsSpan().ContainsAnyExcept((byte)0));
        Assert.Equal([(Write, 8, 4096, false, 0)], bench.Logged());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void ThreeDisks_OneFailing_SetItsBitOnly(CallWay way)
    {
        using SimulatedBench bench = new();
        SimulatedDisk second = bench.Simulation.AddDisk(1 << 20), third = bench.Simulation.AddDisk(1 << 20);
        using BlockDevice secondDevice = second.Open(), thirdDevice = third.Open();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        using Fault fault = second.Fail(Write, Errno.ENOSPC);
        IoResult result = client.Write([bench.Region(0, 8), new IoRegion(secondDevice, 8, 8), new IoRegion(thirdDevice, 16, 8)], data);
        Assert.Equal(new RegionBits(0b10), result.Failed);
        Assert.Equal(new IoFailure(1, 8, Errno.ENOSPC, IoFailureCause.Device), result.First);
        Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(0, 8)));
        Assert.False(second.Read(8, 8).AsSpan().ContainsAnyExcept((byte)0));
        Assert.True(data.GetSpan().SequenceEqual(third.Read(16, 8)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void RegionsThatTheDiskDoesNotHave_FailAsOnARealOne(CallWay way)
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { LogicalBlockSize = 4096 });
        using BlockDevice readOnly = bench.Disk.Open(DeviceAccess.Read);
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        Assert.Equal(IoFailureCause.Misaligned, client.Write(bench.Region(1, 8), data).First.Cause);
        Assert.Equal(IoFailureCause.BeyondEnd, client.Write(bench.Region(2048, 8), data).First.Cause);
        Assert.Equal(new IoFailure(0, 0, Errno.EROFS, IoFailureCause.ReadOnly), client.Write(new IoRegion(readOnly, 0, 8), data).First);
        Assert.Empty(bench.Disk.Log);
    }

    /// <summary>Misaligned memory, vectors, pages, over several chunks: the disk refuses what a real one would, so the engine has copied what it must.</summary>
    [Theory]
    [InlineData(BufferShape.Contiguous, 512)]
    [InlineData(BufferShape.Misaligned, 512)]
    [InlineData(BufferShape.OddVectors, 512)]
    [InlineData(BufferShape.OddVectors, 4096)]
    [InlineData(BufferShape.Vectors, 4096)]
    [InlineData(BufferShape.Segments, 512)]
    [InlineData(BufferShape.ScatteredPagesFromTheSecondSector, 4096)]
    public void EveryBuffer_IsWrittenAndReadBack(BufferShape shape, int block)
    {
        const int length = 256 << 10;
        using SimulatedBench bench = new(new SimulatedDiskOptions { LogicalBlockSize = block });
        foreach (CallWay way in Ways.Select(static row => row.Data))
        {
            using ClientUnderTest client = bench.NewClient(way, new DmIoOptions { ChunkBytes = 64 << 10 });
            using ShapedBuffer written = client.NewBuffer(shape, length, seed: (int)way);
            using ShapedBuffer read = client.NewBuffer(shape, length, seed: 100);
            Assert.Equal(default, client.Write(bench.Region(8, length / 512), written.Buffer));
            Assert.Equal(default, client.Read(bench.Region(8, length / 512), read.Buffer));
            Assert.True(written.ToArray().AsSpan().SequenceEqual(read.ToArray()));
        }

        Assert.All(bench.Disk.Log, static request => Assert.Equal(0, request.Errno));
    }

    [Fact]
    public void AFile_ChangesItsLength_AndABlockDeviceDoesNot()
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { IsFile = true });
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(4096);
        Assert.False(bench.Device.IsBlockDevice);
        Assert.Equal(2 << 20, bench.Device.Allocate(2 << 20));
        Assert.True(client.Write(bench.Region(3000, 8), data, IoFlags.Fua).IsSuccess);
        Assert.Equal(1 << 20, bench.Device.SetLength(1 << 20));
        Assert.Equal(IoFailureCause.BeyondEnd, client.WriteZeroes(bench.Region(3000, 8)).First.Cause);
        Assert.Equal(2 << 20, bench.Device.SetLength(2 << 20));
        Assert.True(client.Read(bench.Region(3000, 8), data).IsSuccess);
        Assert.False(data.GetSpan().ContainsAnyExcept((byte)0));

        using BlockDevice disk = bench.Simulation.AddDisk(4096).Open();
        Assert.Throws<InvalidOperationException>(() => disk.SetLength(8192));
    }

    [Fact]
    public void WhatIsKnownOfADisk_IsWhatItWasMadeWith_AlsoAfterRefresh()
    {
        using StorageSimulation simulation = new(1);
        SimulatedDisk disk = simulation.AddDisk(1L << 40, new SimulatedDiskOptions { Name = "log", LogicalBlockSize = 4096, MemoryAlignment = 4, Cache = SimulatedCache.WithoutFua, HasDiscard = false });
        using BlockDevice device = disk.Open();
        Assert.Equal(1L << 40, device.Refresh());
        Assert.Equal(("log", 1L << 40, 4096, 4, 4096, true, true, false), (device.Path, device.Size, device.LogicalBlockSize, device.MemoryAlignment, device.SegmentAlignment, device.IsDirect, device.IsBlockDevice, device.IsReadOnly));
        DeviceAbilities abilities = device.ReadAbilities();
        Assert.Equal((true, false, 0L), (abilities.HasVolatileCache, abilities.HasFua, abilities.MaxDiscardBytes));
        using DmIoClient client = simulation.CreateClient();
        Assert.Equal("simulation", client.Capabilities.Ring);
    }

    [Fact]
    public void AReadOnlyDisk_IsReadAndNotWritten()
    {
        using SimulatedBench bench = new(new SimulatedDiskOptions { IsReadOnly = true });
        using DmIoClient client = bench.Simulation.CreateClient();
        using IoMemory data = Pattern.Memory(512);
        Assert.True(bench.Device.IsReadOnly);
        Assert.Equal(Errno.EROFS, client.Write(bench.Region(0, 1), data).First.Errno);
        Assert.True(client.Read(bench.Region(0, 1), data).IsSuccess);
    }
}
