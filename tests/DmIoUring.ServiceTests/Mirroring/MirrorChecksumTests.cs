using System.Buffers;
using DmIoUring.Services;
using DmIoUring.Services.Mirroring.Checksums;
using DmIoUring.Testing;
using static DmIoUring.ServiceTests.Mirroring.MirrorBench;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>Legs that return other data than was written, without an error.</summary>
public sealed class MirrorChecksumTests
{
    private const int IllegalSequence = 84;
    private const int Eio = 5;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly MirrorOptions FirstLeg = new() { ReadPolicy = MirrorReadPolicy.First };

    public enum Way
    {
        Async,
        Sync,
        LargerRead,
        InMemory,
        AfterClosing,
        AfterCleaningAndPowerLoss,
    }

    public enum Damage
    {
        /// <summary>One bit is another one.</summary>
        Bit,

        /// <summary>The drive returns another block.</summary>
        Misdirected,

        /// <summary>The drive has dropped the write, and has what was there before.</summary>
        Lost,
    }

    public static MatrixTheoryData<Way, Damage> Ways => new(Enum.GetValues<Way>(), Enum.GetValues<Damage>());

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WrongData_IsReadFromTheOtherLeg_AndWrittenAgain(Way way, Damage damage)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums with { LogInMemory = way == Way.InMemory }, FirstLeg);
        await bench.WriteAsync(0, 1, 64);
        await bench.WriteAsync(0, 2, 64);
        await bench.WriteAsync(64, 3, 8);
        if (way == Way.AfterCleaningAndPowerLoss)
        {
            await bench.Mirror.CleanAsync(isLast: false);
            await bench.Mirror.CleanAsync(isLast: false);
            Assert.Equal(0, bench.Mirror.DirtyRegions);
            await bench.CrashAsync();
            await bench.OpenAsync();
        }
        else if (way == Way.AfterClosing)
        {
            await bench.CloseAsync();
            await bench.OpenAsync();
        }

        Spoil(bench.Disks[0], damage);
        long sector = way == Way.LargerRead ? 0 : 16;
        byte[] read = new byte[(way == Way.LargerRead ? 64 : 8) * IoRegion.SectorSize];
        MirrorResult result = way == Way.Sync
            ? await Task.Run(() => bench.Mirror.Read(sector, read.Length / IoRegion.SectorSize, read))
            : await bench.Mirror.ReadAsync(sector, read.Length / IoRegion.SectorSize, read);
        Assert.True(result.IsSuccess, result.ToString());
        Assert.Equal(Bytes(2, read.Length / IoRegion.SectorSize), read);
        Assert.Equal((0b01ul, IllegalSequence, 16L), (result.Legs.Failed.Value, result.Legs.First.Errno, result.Legs.First.Sector));
        MirrorLegStatus leg = bench.Mirror.Legs[0];
        Assert.Equal((MirrorLegState.InSync, 1L, 1L, 0L), (leg.State, leg.CorruptReads, leg.Repairs, leg.FailedReads));
        Assert.Equal(Bytes(2), bench.Disks[0].Read(16, 8));
        Assert.True((await bench.Mirror.ReadAsync(16, 8, Bytes(0))).Legs.IsSuccess);
    }

    [Fact]
    public async Task LegsThatAreWrongAtDifferentPlaces_HaveAllOfItTogether()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1, 64);
        bench.Disks[0].Write(8, Bytes(9));
        bench.Disks[1].Write(32, Bytes(9));
        bench.Disks[1].Fail(MediumOperations.Read, Eio, firstSector: 48, times: 2);
        Assert.Equal(Bytes(1, 64), await bench.ReadAsync(0, 64));
        bench.AssertEqual();
        Assert.Equal([1L, 1L], bench.Mirror.Legs.Select(static leg => leg.Repairs));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    public async Task WrongOnEveryLeg_IsAnError_AndNothingIsWritten(long count)
    {
        await using MirrorBench bench = new(3);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1, 64);
        foreach (SimulatedDisk disk in bench.Disks)
            disk.Write(0, Bytes(9));
        MirrorResult result = await bench.Mirror.ReadAsync(0, count, Bytes(0, count));
        Assert.Equal((false, 0b111ul, IllegalSequence, IoFailureCause.Device), (result.IsSuccess, result.Legs.Failed.Value, result.Legs.First.Errno, result.Legs.First.Cause));
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal((MirrorLegState.InSync, 1L, 0L), (leg.State, leg.CorruptReads, leg.Repairs)));
        await bench.WriteAsync(0, 2);
        Assert.Equal(Bytes(2), await bench.ReadAsync(0));
    }

    [Fact]
    public async Task WithoutRepair_ItIsReadFromTheOtherLegEachTime()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums, FirstLeg with { RepairReads = false });
        await bench.WriteAsync(0, 1);
        bench.Disks[0].Write(0, Bytes(9));
        for (int reads = 1; reads <= 2; reads++)
        {
            Assert.Equal(Bytes(1), await bench.ReadAsync(0));
            Assert.Equal((reads, 0), (bench.Mirror.Legs[0].CorruptReads, bench.Mirror.Legs[0].Repairs));
        }
    }

    [Fact]
    public async Task LegThatCanNotBeWrittenAgain_IsOutOfSync()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums, FirstLeg);
        await bench.WriteAsync(0, 1);
        bench.Disks[0].Write(0, Bytes(9));
        bench.Disks[0].Fail(MediumOperations.Write, Eio);
        Assert.Equal(Bytes(1), await bench.ReadAsync(0));
        Assert.Equal(MirrorLegState.OutOfSync, bench.State(0));
    }

    [Fact]
    public async Task EveryKindOfBuffer_IsChecked()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums, FirstLeg);
        using IoMemory memory = IoMemory.Allocate(1 << 16);
        using PageReservation reserve = bench.Client.Reserve(16);
        using PageList pages = bench.Client.Pages.RentPages(9);
        byte[] data = new byte[1 << 15];
        new Random(5).NextBytes(data);
        IoBuffer[] buffers = [data, memory, Vectors(memory), IoBuffer.From(new[] { data.AsMemory(0, 5000), data.AsMemory(5000) }), IoBuffer.Pages(pages, 512)];
        data.CopyTo(memory.GetSpan());
        pages.CopyFrom(data, 512);
        long sector = 0, count = data.Length / IoRegion.SectorSize;
        foreach (IoBuffer buffer in buffers)
        {
            Assert.True((await bench.Mirror.WriteAsync(sector, count, buffer)).IsSuccess);
            bench.Disks[0].Write(sector + 8, Bytes(9));
            MirrorResult result = await bench.Mirror.ReadAsync(sector, count, buffer);
            Assert.Equal((true, IllegalSequence, sector + 8), (result.IsSuccess, result.Legs.First.Errno, result.Legs.First.Sector));
            byte[] read = new byte[data.Length];
            buffer.CopyTo(0, read);
            Assert.Equal(data, read);
            sector += count;
        }

        ReadOnlySequence<byte> sequence = new(data);
        Assert.True((await bench.Mirror.WriteAsync(sector, count, sequence)).IsSuccess);
        bench.Disks[0].Write(sector, Bytes(9));
        Assert.Equal(data, await bench.ReadAsync(sector, count));
    }

    [Fact]
    public async Task Zeroes_HaveChecksums_AndDiscardedBlocksHaveNone()
    {
        await using MirrorBench bench = new(2, disk: new SimulatedDiskOptions { TornUnit = 512, HasWriteZeroes = false });
        await bench.CreateAsync(WithChecksums, FirstLeg);
        await bench.WriteAsync(0, 1, 32);
        Assert.True((await bench.Mirror.WriteZeroesAsync(0, 16)).IsSuccess);
        Assert.True((await bench.Mirror.DiscardAsync(16, 8)).IsSuccess);
        foreach (long sector in (long[])[0, 16, 24])
            bench.Disks[0].Write(sector, Bytes(9));
        Assert.Equal(Bytes(0), await bench.ReadAsync(0));
        Assert.Equal(Bytes(9), await bench.ReadAsync(16));
        Assert.Equal(Bytes(1), await bench.ReadAsync(24));
    }

    [Fact]
    public async Task WriteThatFailed_LeavesNoChecksum()
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        await bench.WriteAsync(0, 1);
        bench.Disks.ForEach(static disk => disk.Fail(MediumOperations.Write, Eio, times: 1, firstSector: 0, sectors: 8));
        Assert.False((await bench.Mirror.WriteAsync(0, 8, Bytes(2))).IsSuccess);
        Assert.Equal(Bytes(1), await bench.ReadAsync(0));
        Assert.All(bench.Mirror.Legs, static leg => Assert.Equal(0, leg.CorruptReads));
    }

    /// <summary>The leg that is read has the new data, which is not what the checksum is of before the write has ended on the other leg too.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadBesideAWrite_WaitsForIt_AndFindsNothingWrong(bool fails)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums, FirstLeg);
        await bench.WriteAsync(0, 1);
        Fault hold = bench.Disks[1].Hold(MediumOperations.Write, times: 1);
        Task<MirrorResult> write = bench.Mirror.WriteAsync(0, 8, Bytes(2)).AsTask();
        Assert.True(hold.WaitForHits(1, Limit));
        Assert.True(SpinWait.SpinUntil(() => bench.Disks[0].Read(0, 8).AsSpan().SequenceEqual(Bytes(2)), Limit));
        Task<byte[]> read = bench.ReadAsync(0);
        if (fails)
            bench.Disks[1].Fail(MediumOperations.Write, Eio, times: 1);
        hold.Dispose();
        Assert.True((await write).IsSuccess);
        Assert.Equal(Bytes(2), await read);
        Assert.Equal((0L, 0L), (bench.Mirror.Legs[0].CorruptReads, bench.Mirror.Legs[0].Repairs));
    }

    [Fact]
    public async Task DiscardThatNoLegCanDo_LeavesTheChecksums()
    {
        await using MirrorBench bench = new(2, disk: new SimulatedDiskOptions { TornUnit = 512, HasDiscard = false });
        await bench.CreateAsync(WithChecksums, FirstLeg);
        await bench.WriteAsync(0, 1);
        MirrorResult discarded = await bench.Mirror.DiscardAsync(0, 8);
        Assert.Equal((false, 0b11ul), (discarded.IsSuccess, discarded.Legs.Unsupported.Value));
        bench.Disks[0].Write(0, Bytes(9));
        Assert.Equal(Bytes(1), await bench.ReadAsync(0));
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(8, 1)]
    public async Task PartsOfABlock_AreUnsupported(long sector, long count)
    {
        await using MirrorBench bench = new(2);
        await bench.CreateAsync(WithChecksums);
        Assert.Equal(4096, bench.Mirror.LogicalBlockSize);
        MirrorResult result = await bench.Mirror.WriteAsync(sector, count, Bytes(1));
        Assert.Equal((false, IoFailureCause.Misaligned), (result.IsSuccess, result.Legs.First.Cause));
    }

    [Fact]
    public void Checksum_DependsOnTheDataAndOnTheBlocksNumber()
    {
        Assert.NotEqual(BlockChecksum.Of(Bytes(1), 1), BlockChecksum.Of(Bytes(2), 1));
        Assert.NotEqual(BlockChecksum.Of(Bytes(1), 1), BlockChecksum.Of(Bytes(1), 2));
        Assert.Equal(BlockChecksum.Of(Bytes(0), 7), BlockChecksum.OfZeroes(7));
    }

    private static void Spoil(SimulatedDisk disk, Damage damage)
    {
        byte[] data = disk.Read(16, 8);
        if (damage == Damage.Bit)
            data[1234] ^= 4;
        disk.Write(16, damage switch { Damage.Bit => data, Damage.Misdirected => disk.Read(64, 8), _ => Bytes(1) });
    }

    private static unsafe IoBuffer Vectors(IoMemory memory)
    {
        byte* start = (byte*)memory.Pointer;
        return IoBuffer.Vectors(new[] { new IoVector(start, 1000), new IoVector(start + 1000, 9000), new IoVector(start + 10_000, (1 << 15) - 10_000) });
    }
}
