using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed class IoEngineTests
{
    [Fact]
    public void Write_ToThreeRegions_SecondFails_SetsBitOneOnly()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int bad = bench.Devices[1].Descriptor;
        script.Answer = entry => entry.fd == bad ? -Errno.EIO : (int)entry.len;

        IoResult result = bench.Write(Blocks(bench, 0, 4), Blocks(bench, 1, 4), Blocks(bench, 2, 4));

        Assert.Equal("0b10", result.Failed.ToString());
        Assert.True(result.Unsupported.IsEmpty);
        Assert.Equal(new IoFailure(1, 0, Errno.EIO, IoFailureCause.Device), result.First);
        AssertOnDisk(bench, 0, 0, 4 * bench.Block);
        AssertOnDisk(bench, 2, 0, 4 * bench.Block);
        Assert.True(bench.IsIdle);
    }

    [Fact]
    public void Write_To64Regions_OfWhichTheLastFails_SetsBit63()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        IoRegion[] regions = [.. Enumerable.Range(0, 64).Select(i => new IoRegion(bench.Devices[0], i * bench.Block, bench.Block))];
        long last = 63 * bench.Block * IoRegion.SectorSize;
        script.Answer = entry => (long)entry.off == last ? -Errno.EIO : (int)entry.len;

        IoResult result = bench.Write(regions);

        Assert.Equal(1ul << 63, result.Failed.Value);
        Assert.Equal(63, result.First.Region);
    }

    [Fact]
    public void Write_To64Regions_ThroughTwoSlots_NeverHasMoreInFlight()
    {
        using RingScript script = new(capacity: 2, queueLength: 2);
        using EngineBench bench = new(script);
        script.CompletePerEnter = static _ => 1;
        IoRegion[] regions = [.. Enumerable.Range(0, 64).Select(i => new IoRegion(bench.Devices[i % 3], i * bench.Block, bench.Block))];

        IoResult result = bench.Write(regions);

        Assert.True(result.IsSuccess);
        Assert.Equal(64, script.Taken.Count);
        Assert.Equal(2, script.MostInKernel);
    }

    [Fact]
    public void Enter_ThatTakesOnlyAPart_LosesNoEntry()
    {
        using RingScript script = new(capacity: 16, queueLength: 4);
        using EngineBench bench = new(script);
        int enters = 0;
        script.TakePerEnter = count => ++enters % 3 == 0 ? Math.Min(count, 1) : 0;
        IoRegion[] regions = [.. Enumerable.Range(0, 64).Select(i => new IoRegion(bench.Devices[i % 3], i * bench.Block, bench.Block))];

        IoResult result = bench.Write(regions);

        Assert.True(result.IsSuccess);
        Assert.Equal(64, script.Taken.Count);
    }

    [Fact]
    public void ShortTransfer_AtEveryBlockBoundary_IsContinuedFromThere()
    {
        const int blocks = 5;
        for (int cut = 1; cut < blocks; cut++)
        {
            using RingScript script = new();
            using EngineBench bench = new(script);
            int first = cut * bench.Devices[0].LogicalBlockSize;
            script.Answer = entry => script.Taken.Count == 1 ? first : (int)entry.len;

            IoResult result = bench.Write(Blocks(bench, 0, blocks));

            Assert.True(result.IsSuccess);
            AssertOnDisk(bench, 0, 0, blocks * bench.Block);
            Assert.Equal((ulong)first, script.Taken[1].off);
            Assert.Equal(1, bench.Counters.ShortTransfers);
        }
    }

    [Fact]
    public void ShortTransfer_WithAnOddRest_IsContinuedFromTheBoundaryBefore()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].OffsetAlignment;
        int odd = block / 2;
        script.Answer = entry => script.Taken.Count == 1 ? block + odd : (int)entry.len;

        IoResult result = bench.Write(Blocks(bench, 0, 4));

        Assert.True(result.IsSuccess);
        Assert.Equal((ulong)block, script.Taken[1].off);
        Assert.Equal(0u, script.Taken[1].len % (uint)block);
        AssertOnDisk(bench, 0, 0, 4 * bench.Block);
    }

    [Fact]
    public void AlwaysLessThanABlock_FailsAfterABoundedNumberOfTries()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int odd = bench.Devices[0].OffsetAlignment / 2;
        script.Answer = _ => odd;

        IoResult result = bench.Write(Blocks(bench, 0, 4));

        Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.EndedEarly), result.First);

        // Nor does it take time, as a device does that is busy.
        Assert.Equal((RetryRules.MaxAttempts / RetryRules.PartialBlockCost) + 1, script.Taken.Count);
        Assert.Equal(0, script.Clock);
    }

    [Fact]
    public void Read_OfNothingInTheMiddle_FailsThereAndZeroesTheRest()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        bench.Script.Disk(bench.Devices[0]).AsSpan().Fill(0xAB);
        script.Answer = _ => script.Taken.Count == 1 ? block : 0;

        IoResult result = bench.Read(Blocks(bench, 0, 4));

        Assert.Equal(new IoFailure(0, bench.Block, Errno.EIO, IoFailureCause.EndedEarly), result.First);
        ReadOnlySpan<byte> memory = bench.Memory.Memory.Span;
        Assert.Equal(-1, memory[..block].IndexOfAnyExcept((byte)0xAB));
        Assert.Equal(-1, memory[block..(4 * block)].IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Read_OfWhichOnePieceFails_ZeroesThatPieceAlone()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, chunkBytes: 8192);
        bench.Script.Disk(bench.Devices[0]).AsSpan().Fill(0xAB);
        script.Answer = entry => entry.off == 8192 ? -Errno.EIO : (int)entry.len;

        IoResult result = bench.Read(new IoRegion(bench.Devices[0], 0, 64));

        Assert.Equal(new IoFailure(0, 16, Errno.EIO, IoFailureCause.Device), result.First);
        ReadOnlySpan<byte> memory = bench.Memory.Memory.Span;
        Assert.Equal(-1, memory[..8192].IndexOfAnyExcept((byte)0xAB));
        Assert.Equal(-1, memory[8192..16384].IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, memory[16384..32768].IndexOfAnyExcept((byte)0xAB));
    }

    [Theory]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.EINTR)]
    public void ComeBackLater_IsTriedAgain_UntilItWorks(int errno)
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        script.Answer = entry => script.Taken.Count <= 20 ? -errno : (int)entry.len;

        IoResult result = bench.Write(Blocks(bench, 0, 4));

        Assert.True(result.IsSuccess);
        Assert.Equal(21, script.Taken.Count);
        Assert.All(script.Taken, entry => Assert.Equal(script.Taken[0].len, entry.len));
        Assert.True(script.Clock > 0, "The later tries were not delayed.");
        AssertOnDisk(bench, 0, 0, 4 * bench.Block);
    }

    [Fact]
    public void ComeBackLater_ForEver_IsReportedAfterABoundedTime()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        script.Answer = static _ => -Errno.EAGAIN;

        IoResult result = bench.Write(Blocks(bench, 0, 4), Blocks(bench, 1, 4));

        Assert.Equal("0b11", result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 0, Errno.EAGAIN, IoFailureCause.RetriesExhausted), result.First);
        Assert.InRange(script.Clock, 100_000_000, 2_000_000_000);
        Assert.True(bench.IsIdle);
    }

    [Fact]
    public void ComeBackLater_OnOneRegion_DoesNotHoldUpTheOthers()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int busy = bench.Devices[0].Descriptor;
        script.Answer = entry => entry.fd == busy ? -Errno.EAGAIN : (int)entry.len;
        Request stuck = bench.Start(IoOperation.Write, Blocks(bench, 0, 1));
        for (int i = 0; i < 12; i++)
            bench.Turn();

        Request other = bench.Start(IoOperation.Write, Blocks(bench, 1, 1));
        bench.RunToEnd(other);

        Assert.True(other.Result.IsSuccess);
        Assert.False(stuck.IsDone);
        bench.RunToEnd(stuck);
        Assert.False(stuck.Result.IsSuccess);
    }

    [Theory]
    [InlineData(Errno.EINVAL, true)]
    [InlineData(Errno.EOPNOTSUPP, true)]
    [InlineData(Errno.EIO, false)]
    [InlineData(Errno.ENOSPC, false)]
    public void Errno_DecidesBetweenUnsupportedAndFailed(int errno, bool unsupported)
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        script.Answer = _ => -errno;

        IoResult result = bench.Write(Blocks(bench, 0, 1));

        Assert.Equal(unsupported, result.Unsupported[0]);
        Assert.Equal(!unsupported, result.Failed[0]);
        Assert.Equal(errno, result.First.Errno);
    }

    [Fact]
    public void Region_UnsupportedInOnePieceAndFailedInAnother_IsFailedOnly()
    {
        foreach (bool failureFirst in new[] { true, false })
        {
            using RingScript script = new();
            using EngineBench bench = new(script, chunkBytes: 8192);
            script.Answer = entry => entry.off == 0 == failureFirst ? -Errno.EIO : -Errno.EINVAL;

            IoResult result = bench.Write(new IoRegion(bench.Devices[0], 0, 32));

            Assert.True(result.Failed[0]);
            Assert.True(result.Unsupported.IsEmpty);
        }
    }

    [Fact]
    public void FirstFailure_IsTheLowestRegionAndSector_WhateverCompletesFirst()
    {
        foreach (bool newestFirst in new[] { true, false })
        {
            using RingScript script = new(capacity: 16, queueLength: 16);
            using EngineBench bench = new(script, chunkBytes: 8192);
            int healthy = bench.Devices[0].Descriptor;
            script.NextToComplete = count => newestFirst ? count - 1 : 0;
            script.Answer = entry => entry.fd == healthy || entry.off == 0 ? (int)entry.len : -Errno.EIO;

            IoResult result = bench.Write(
                new IoRegion(bench.Devices[0], 0, 64), new IoRegion(bench.Devices[1], 0, 64), new IoRegion(bench.Devices[2], 0, 64));

            Assert.Equal("0b110", result.Failed.ToString());
            Assert.Equal(new IoFailure(1, 16, Errno.EIO, IoFailureCause.Device), result.First);
        }
    }

    [Fact]
    public void Request_EndsOnlyAfterItsLastPiece()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, chunkBytes: 8192);
        script.CompletePerEnter = static _ => 1;
        Request request = bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], 0, 64));

        for (int piece = 1; piece <= 4; piece++)
        {
            Assert.False(request.IsDone);
            bench.Turn();
        }

        Assert.True(request.IsDone);
        Assert.Equal(4, script.Taken.Count);
    }

    [Fact]
    public void Completion_OfAPieceThatHasEnded_IsIgnored()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        Assert.True(bench.Write(Blocks(bench, 0, 1)).IsSuccess);
        script.CompletePerEnter = static _ => 0;
        Request next = bench.Start(IoOperation.Write, Blocks(bench, 1, 1));
        bench.Turn();

        // The place is used again: only the generation tells the two completions apart.
        script.Completions.Enqueue(new IoUringCqe { user_data = script.Taken[0].user_data, res = -Errno.EIO });
        bench.Turn();

        Assert.Equal((uint)script.Taken[0].user_data, (uint)script.Taken[1].user_data);
        Assert.False(next.IsDone);
        Assert.Equal(1, bench.Counters.Stale);
        script.CompletePerEnter = static count => count;
        bench.RunToEnd(next);
        Assert.True(next.Result.IsSuccess);
    }

    [Fact]
    public void Completion_OfAnEarlierTry_IsIgnored()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int block = bench.Devices[0].LogicalBlockSize;
        script.Answer = entry => script.Taken.Count == 1 ? block : (int)entry.len;
        Request request = bench.Start(IoOperation.Write, Blocks(bench, 0, 2));
        bench.Turn();
        script.Completions.Enqueue(new IoUringCqe { user_data = script.Taken[0].user_data, res = block });

        bench.RunToEnd(request);

        Assert.Equal(1, bench.Counters.Stale);
        AssertOnDisk(bench, 0, 0, 2 * bench.Block);
    }

    [Fact]
    public void Region_OfNoSectors_IsSkippedAndKeepsItsIndex()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int bad = bench.Devices[2].Descriptor;
        script.Answer = entry => entry.fd == bad ? -Errno.EIO : (int)entry.len;

        IoResult result = bench.Write(Blocks(bench, 0, 1), Blocks(bench, 1, 0), Blocks(bench, 2, 1));

        Assert.Equal("0b100", result.Failed.ToString());
        Assert.Equal(2, script.Taken.Count);
    }

    [Fact]
    public void Request_WithNothingToDo_SucceedsWithoutEnteringTheRing()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);

        IoResult result = bench.Write(Blocks(bench, 0, 0), Blocks(bench, 1, 0));

        Assert.True(result.IsSuccess);
        Assert.Equal(0, script.EnterCount);
    }

    [Fact]
    public void Region_RefusedBeforehand_IsNotIssuedAndItsSiblingsAre()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        IoRegion beyond = new(bench.Devices[0], EngineBench.DeviceSectors - bench.Block, 2 * bench.Block);

        IoResult result = bench.Write(Blocks(bench, 1, 1), beyond, Blocks(bench, 2, 1));

        Assert.Equal("0b10", result.Failed.ToString());
        Assert.Equal(IoFailureCause.BeyondEnd, result.First.Cause);
        Assert.DoesNotContain(script.Taken, entry => entry.fd == bench.Devices[0].Descriptor);
        AssertOnDisk(bench, 1, 0, bench.Block);
        AssertOnDisk(bench, 2, 0, bench.Block);
    }

    [Fact]
    public void Read_RefusedBeforehand_IsZeroed()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);

        IoResult result = bench.Read(new IoRegion(bench.Devices[0], EngineBench.DeviceSectors, 2 * bench.Block));

        Assert.True(result.Failed[0]);
        Assert.Equal(-1, bench.Memory.Memory.Span[..(int)(2 * bench.Block * 512)].IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Regions_WithDifferentCounts_EachStartAtTheBuffersBeginning()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);

        IoResult result = bench.Write(Blocks(bench, 0, 1), Blocks(bench, 1, 7), Blocks(bench, 2, 3));

        Assert.True(result.IsSuccess);
        AssertOnDisk(bench, 0, 0, bench.Block);
        AssertOnDisk(bench, 1, 0, 7 * bench.Block);
        AssertOnDisk(bench, 2, 0, 3 * bench.Block);
        Assert.Equal(-1, script.Disk(bench.Devices[0]).AsSpan((int)bench.Block * 512).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Requests_AreIssuedInOrderOfArrival()
    {
        using RingScript script = new(capacity: 2, queueLength: 2);
        using EngineBench bench = new(script);
        List<Request> requests = [];
        for (int i = 0; i < 20; i++)
            requests.Add(bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], i * bench.Block, bench.Block)));

        requests.ForEach(bench.RunToEnd);

        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => (ulong)(i * bench.Block * IoRegion.SectorSize)),
            script.Taken.Select(static entry => entry.off));
    }

    private static IoRegion Blocks(EngineBench bench, int device, int count) => new(bench.Devices[device], 0, count * bench.Block);

    private static void AssertOnDisk(EngineBench bench, int device, long sector, long count)
    {
        int length = (int)count * IoRegion.SectorSize;
        ReadOnlySpan<byte> disk = bench.Script.Disk(bench.Devices[device]).AsSpan((int)sector * IoRegion.SectorSize, length);
        Assert.True(disk.SequenceEqual(bench.Memory.Memory.Span[..length]), $"Device {device} differs.");
    }
}
