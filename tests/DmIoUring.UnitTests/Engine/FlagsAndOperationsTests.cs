using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed class FlagsAndOperationsTests
{
    [Fact]
    public void Preflush_EndsOnARegionBeforeItsDataIsIssued()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script);
        HashSet<int> flushed = [];
        script.NextToComplete = static count => count - 1;
        script.CompletePerEnter = static _ => 1;
        script.Answer = entry =>
        {
            if (entry.opcode == IoUring.IORING_OP_FSYNC)
                flushed.Add(entry.fd);
            else
                Assert.Contains(entry.fd, flushed);
            return script.Whole(entry);
        };

        Request request = Start(bench, IoFlags.Preflush, Blocks(bench, 0, 3), Blocks(bench, 1, 3), Blocks(bench, 2, 3));
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        Assert.Equal(3, flushed.Count);
        Assert.Equal(6, script.Taken.Count);
        foreach (BlockDevice device in bench.Devices)
        {
            int flush = script.Taken.FindIndex(entry => entry.fd == device.Descriptor && entry.opcode == IoUring.IORING_OP_FSYNC);
            int data = script.Taken.FindIndex(entry => entry.fd == device.Descriptor && entry.opcode == IoUring.IORING_OP_WRITE);
            Assert.True(flush < data);
        }
    }

    [Fact]
    public void Preflush_OfASlowLeg_DoesNotHoldUpTheDataOfAnother()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script);
        script.NextToComplete = static count => count - 1;
        script.CompletePerEnter = static _ => 1;
        Request request = Start(bench, IoFlags.Preflush, Blocks(bench, 0, 1), Blocks(bench, 1, 1));

        bench.Turn();
        bench.Turn();

        Assert.Contains(script.Taken, entry => entry.fd == bench.Devices[1].Descriptor && entry.opcode == IoUring.IORING_OP_WRITE);
        Assert.DoesNotContain(script.Taken, entry => entry.fd == bench.Devices[0].Descriptor && entry.opcode == IoUring.IORING_OP_WRITE);
        bench.RunToEnd(request);
        Assert.True(request.Result.IsSuccess);
    }

    [Fact]
    public void FailedPreflush_IssuesNoDataToThatRegion_AndIsRemembered()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script);
        int bad = bench.Devices[1].Descriptor;
        script.Answer = entry => entry.fd == bad ? -Errno.EIO : script.Whole(entry);

        Request request = Start(bench, IoFlags.Preflush, Blocks(bench, 0, 2), Blocks(bench, 1, 2), Blocks(bench, 2, 2));
        bench.RunToEnd(request);

        Assert.Equal("0b10", request.Result.Failed.ToString());
        Assert.Equal(new IoFailure(1, 0, Errno.EIO, IoFailureCause.Device), request.Result.First);
        Assert.DoesNotContain(script.Taken, entry => entry.fd == bad && entry.opcode != IoUring.IORING_OP_FSYNC);
    }

    [Fact]
    public void EmptyFlush_IsOneFlushARegionAndNoData()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);

        Request request = Start(bench, IoFlags.Preflush, Blocks(bench, 0, 0), Blocks(bench, 1, 0));
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        Assert.Equal(2, script.Taken.Count);
        Assert.All(script.Taken, static entry => Assert.Equal(IoUring.IORING_OP_FSYNC, entry.opcode));
        Assert.All(script.Taken, static entry => Assert.Equal(IoUring.IORING_FSYNC_DATASYNC, entry.fsync_flags));
    }

    [Fact]
    public void Preflush_ThroughOnePlace_StillEnds()
    {
        using RingScript script = new(capacity: 1, queueLength: 1);
        using EngineBench bench = new(script, chunkBytes: 4096);

        Request request = Start(bench, IoFlags.Preflush | IoFlags.Fua, [.. Enumerable.Range(0, 64).Select(i => Blocks(bench, i % 3, 2))]);
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        Assert.Equal(64, script.Taken.Count(static entry => entry.opcode == IoUring.IORING_OP_FSYNC));
        Assert.True(bench.IsIdle);
    }

    [Fact]
    public void Fua_IsOnEveryPiece_AndPriorityToo()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, chunkBytes: 8192);
        IoRequestOptions options = new(IoFlags.Fua, new IoPriority(IoPriorityClass.BestEffort, 3));

        Request request = bench.StartWith(IoOperation.Write, bench.Memory, options, new IoRegion(bench.Devices[0], 0, 64));
        bench.RunToEnd(request);

        Assert.Equal(4, script.Taken.Count);
        Assert.All(script.Taken, static entry => Assert.Equal((uint)FileAbi.RWF_DSYNC, entry.rw_flags));
        Assert.All(script.Taken, static entry => Assert.Equal((2 << 13) | 3, entry.ioprio));
    }

    [Fact]
    public void Flush_FlushesEveryRegionWhateverItsSectors()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int bad = bench.Devices[2].Descriptor;
        script.Answer = entry => entry.fd == bad ? -Errno.EIO : 0;

        Request request = bench.StartWith(
            IoOperation.Flush, default, default, new IoRegion(bench.Devices[0], 1, 1), new IoRegion(bench.Devices[1], 0, 0), new IoRegion(bench.Devices[2], 0, 0));
        bench.RunToEnd(request);

        Assert.Equal("0b100", request.Result.Failed.ToString());
        Assert.Equal(3, script.Taken.Count);
    }

    [Fact]
    public void Discard_OfAFile_PunchesAHole()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);

        Request request = bench.StartWith(IoOperation.Discard, default, default, Blocks(bench, 0, 4));
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        IoUringSqe entry = Assert.Single(script.Taken);
        Assert.Equal(IoUring.IORING_OP_FALLOCATE, entry.opcode);
        Assert.Equal((uint)(FileAbi.FALLOC_FL_PUNCH_HOLE | FileAbi.FALLOC_FL_KEEP_SIZE), entry.len);
        Assert.Equal((ulong)(4 * bench.Devices[0].LogicalBlockSize), entry.addr);
    }

    [Fact]
    public void Discard_ThatADeviceHasNot_IsUnsupportedThereAndNothingElseIsTried()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        int without = bench.Devices[0].Descriptor;
        script.Answer = entry => entry.fd == without ? -Errno.EOPNOTSUPP : 0;

        Request request = bench.StartWith(IoOperation.Discard, default, default, Blocks(bench, 0, 4), Blocks(bench, 1, 4));
        bench.RunToEnd(request);

        Assert.Equal("0b1", request.Result.Unsupported.ToString());
        Assert.True(request.Result.Failed.IsEmpty);
        Assert.Equal(2, script.Taken.Count);
    }

    [Fact]
    public void Zeroes_ThatADeviceHasNot_AreWritten()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        script.Disk(bench.Devices[0]).AsSpan().Fill(0xAB);
        script.Answer = entry => entry.opcode == IoUring.IORING_OP_FALLOCATE ? -Errno.EOPNOTSUPP : script.Whole(entry);
        IoRegion region = new(bench.Devices[0], bench.Block, EngineBench.DeviceSectors - (2 * bench.Block));

        Request request = bench.StartWith(IoOperation.WriteZeroes, default, default, region);
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
        int block = bench.Devices[0].LogicalBlockSize;
        ReadOnlySpan<byte> disk = script.Disk(bench.Devices[0]);
        Assert.Equal(-1, disk[..block].IndexOfAnyExcept((byte)0xAB));
        Assert.Equal(-1, disk[block..^block].IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, disk[^block..].IndexOfAnyExcept((byte)0xAB));
    }

    [Fact]
    public void Report_HasTheFirstFailureOfEveryRegion()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, chunkBytes: 8192);
        IoReport report = new();
        int enospc = bench.Devices[0].Descriptor;
        int fine = bench.Devices[1].Descriptor;
        script.NextToComplete = static count => count - 1;
        script.Answer = entry => entry.fd == fine || entry.off == 0 ? script.Whole(entry) : entry.fd == enospc ? -Errno.ENOSPC : -Errno.EIO;

        Request request = bench.StartWith(
            IoOperation.Write,
            bench.Memory,
            new IoRequestOptions(Report: report),
            new IoRegion(bench.Devices[0], 0, 64),
            new IoRegion(bench.Devices[1], 0, 64),
            new IoRegion(bench.Devices[2], 0, 64));
        bench.RunToEnd(request);

        Assert.Equal(new IoFailure(0, 16, Errno.ENOSPC, IoFailureCause.Device), report[0]);
        Assert.Equal(default, report[1]);
        Assert.Equal(new IoFailure(2, 16, Errno.EIO, IoFailureCause.Device), report[2]);
    }

    private static Request Start(EngineBench bench, IoFlags flags, params ReadOnlySpan<IoRegion> regions) =>
        bench.StartWith(IoOperation.Write, bench.Memory, flags, regions);

    private static IoRegion Blocks(EngineBench bench, int device, int count) => new(bench.Devices[device], 0, count * bench.Block);
}
