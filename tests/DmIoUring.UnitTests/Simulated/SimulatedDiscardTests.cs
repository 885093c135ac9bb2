using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>A discard promises no more than the library says: nothing of what is read. Zeroes are zeroes, and both can end in part as writes can.</summary>
public sealed class SimulatedDiscardTests
{
    private const int Blocks = 64;

    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public void ADiscardedUnit_ReadsAsOldData_Zeroes_OrGarbage(CallWay way)
    {
        HashSet<Kind> seen = [];
        for (int seed = 0; seed < 12; seed++)
        {
            using SimulatedBench bench = NewBench(seed);
            using ClientUnderTest client = bench.NewClient(way);
            Assert.Equal(default, client.Maintain(IoOperation.Discard, bench.Region(0, Blocks * 8)));
            seen.UnionWith(Kinds(bench));
        }

        Assert.Equal([Kind.Old, Kind.Zeroes, Kind.Garbage], seen.Order());
    }

    /// <summary>Not even a flush makes it lasting. What was written since is not discarded any more.</summary>
    [Fact]
    public void APowerCut_MayTurnWhatWasDiscarded_IntoAnotherOfThese_AndNotWhatWasWrittenSince()
    {
        HashSet<(Kind, Kind)> turns = [];
        for (int seed = 0; seed < 40; seed++)
        {
            using SimulatedBench bench = NewBench(seed);
            using DmIoClient client = bench.Simulation.CreateClient();
            using IoMemory data = Pattern.Memory(4096, seed: 5);
            Assert.True(client.Discard(bench.Region(0, Blocks * 8)).IsSuccess);
            Assert.True(client.Write(bench.Region(0, 8), data).IsSuccess);
            Assert.True(client.Flush(bench.Region(0, 0)).IsSuccess);
            Kind[] before = [.. Kinds(bench)];
            bench.Simulation.CutPower();
            bench.Simulation.RestorePower();
            Assert.True(data.GetSpan().SequenceEqual(bench.Disk.Read(0, 8)));
            turns.UnionWith(before.Zip(Kinds(bench)).Skip(1));
        }

        Assert.Equal(9, turns.Count);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void ADiskThatSaysSo_AndAFile_ReadAsZeroes_AlsoAfterAPowerCut(bool isFile, bool promises)
    {
        for (int seed = 0; seed < 8; seed++)
        {
            using SimulatedBench bench = NewBench(seed, new SimulatedDiskOptions { LogicalBlockSize = 4096, IsFile = isFile, DiscardZeroesData = promises });
            using DmIoClient client = bench.Simulation.CreateClient();
            Assert.True(client.Discard(bench.Region(0, Blocks * 8)).IsSuccess);
            Assert.All(Kinds(bench), static kind => Assert.Equal(Kind.Zeroes, kind));
            Assert.True(client.Flush(bench.Region(0, 0)).IsSuccess);
            bench.Simulation.CutPower();
            Assert.All(Kinds(bench), static kind => Assert.Equal(Kind.Zeroes, kind));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneThatFailsByChance_IsDoneInPart_FromItsBeginning(bool zeroes)
    {
        HashSet<int> done = [];
        for (int seed = 0; seed < 40; seed++)
        {
            using SimulatedBench bench = NewBench(seed, new SimulatedDiskOptions { LogicalBlockSize = 4096, WriteErrorRate = 1, DiscardZeroesData = true });
            using ClientUnderTest client = bench.NewClient(CallWay.Sync);
            Assert.Equal(Errno.EIO, client.Maintain(zeroes ? IoOperation.WriteZeroes : IoOperation.Discard, bench.Region(0, Blocks * 8)).First.Errno);
            Kind[] kinds = [.. Kinds(bench)];
            int erased = kinds.Count(static kind => kind == Kind.Zeroes);
            Assert.All(kinds.Take(erased), static kind => Assert.Equal(Kind.Zeroes, kind));
            done.Add(erased);
        }

        Assert.True(done.Count > 10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheOneInFlightAtAPowerCut_IsLostOrKept_ByUnits(bool zeroes)
    {
        HashSet<int> kept = [];
        for (int seed = 0; seed < 40; seed++)
        {
            using SimulatedBench bench = NewBench(seed, new SimulatedDiskOptions { LogicalBlockSize = 4096, DiscardZeroesData = true });
            using ClientUnderTest client = bench.NewClient(CallWay.Sync);
            bench.Disk.CutPowerAfter(0);
            Assert.Equal(Errno.EIO, client.Maintain(zeroes ? IoOperation.WriteZeroes : IoOperation.Discard, bench.Region(0, Blocks * 8)).First.Errno);
            kept.Add(Kinds(bench).Count(static kind => kind == Kind.Zeroes));
        }

        Assert.Contains(0, kept);
        Assert.Contains(Blocks, kept);
        Assert.Contains(kept, static count => count is > 0 and < Blocks);
    }

    /// <summary>Only a transfer has a length in its result: with less done, a success would be a lie.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void Shorten_StrikesNoDiscardAndNoZeroes(CallWay way)
    {
        using SimulatedBench bench = NewBench(1, new SimulatedDiskOptions { LogicalBlockSize = 4096, DiscardZeroesData = true });
        using ClientUnderTest client = bench.NewClient(way);
        using Fault fault = bench.Disk.Shorten(MediumOperations.All, most: 4096);
        Assert.Equal(default, client.Maintain(IoOperation.Discard, bench.Region(0, Blocks * 4)));
        Assert.Equal(default, client.Maintain(IoOperation.WriteZeroes, bench.Region(Blocks * 4, Blocks * 4)));
        Assert.All(Kinds(bench), static kind => Assert.Equal(Kind.Zeroes, kind));
        Assert.Equal(0, fault.Hits);
        Assert.Throws<ArgumentOutOfRangeException>("operations", () => bench.Disk.Shorten(MediumOperations.Flush | MediumOperations.Discard, 512));
    }

    /// <summary>What was never written is zeroes already.</summary>
    [Fact]
    public void ADiskOfATebibyte_IsZeroedAndDiscarded_InNoTimeAndNoMemory()
    {
        using StorageSimulation simulation = new(1);
        SimulatedDisk disk = simulation.AddDisk(1L << 40, new SimulatedDiskOptions { Logs = false });
        using BlockDevice device = disk.Open();
        using DmIoClient client = simulation.CreateClient();
        disk.Write(1L << 30, Pattern.Bytes(512));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(client.WriteZeroes(new IoRegion(device, 0, device.Size / 512)).IsSuccess);
        Assert.True(client.Discard(new IoRegion(device, 0, device.Size / 512)).IsSuccess);
        Assert.True(client.Flush(new IoRegion(device, 0, 0)).IsSuccess);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        Assert.Equal(1, disk.BlocksInMemory);
    }

    private enum Kind
    {
        Old,
        Zeroes,
        Garbage,
    }

    private static SimulatedBench NewBench(int seed, SimulatedDiskOptions? options = null)
    {
        SimulatedBench bench = new(options ?? new SimulatedDiskOptions { LogicalBlockSize = 4096 }, seed);
        bench.Disk.Write(0, Pattern.Bytes(Blocks * 4096));
        return bench;
    }

    /// <summary>What each block reads as.</summary>
    private static IEnumerable<Kind> Kinds(SimulatedBench bench)
    {
        byte[] old = Pattern.Bytes(Blocks * 4096);
        for (int block = 0; block < Blocks; block++)
        {
            byte[] found = bench.Disk.Read(block * 8, 8);
            yield return !found.AsSpan().ContainsAnyExcept((byte)0) ? Kind.Zeroes : found.AsSpan().SequenceEqual(old.AsSpan(block * 4096, 4096)) ? Kind.Old : Kind.Garbage;
        }
    }
}
