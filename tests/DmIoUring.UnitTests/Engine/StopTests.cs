using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed class StopTests
{
    private const long Limit = 1_000_000_000;

    [Fact]
    public void TimeLimit_OfAStuckRequest_Cancels_AndEndsWithTheKernel()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, timeLimit: Limit);
        script.CompletePerEnter = static _ => 0;
        Request request = bench.Start(IoOperation.Write, Blocks(bench, 0, 2), Blocks(bench, 1, 2));
        bench.Turn();
        script.Clock = Limit + 1;

        for (int i = 0; i < 5; i++)
            bench.Turn();

        Assert.False(request.IsDone);
        Assert.Equal(2, script.Taken.Count(static entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL));
        script.CompletePerEnter = static count => count;
        script.Answer = static entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL ? 0 : -Errno.ECANCELED;
        bench.RunToEnd(request);
        Assert.Equal("0b11", request.Result.Failed.ToString());
        Assert.Equal(new IoFailure(0, 0, Errno.ETIMEDOUT, IoFailureCause.TimedOut), request.Result.First);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(Limit - 1, false)]
    [InlineData(Limit, true)]
    [InlineData(Limit + 1, true)]
    public void TimeLimit_IsWhatWasAskedFor(long elapsed, bool stopped)
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, timeLimit: Limit);
        script.CompletePerEnter = static _ => 0;
        script.Clock = 1000;
        Request request = bench.Start(IoOperation.Write, Blocks(bench, 0, 1));
        bench.Engine.Turn(wait: false);
        script.Clock = 1000 + elapsed;
        bench.Engine.Turn(wait: false);
        Assert.Equal(stopped, script.Taken.Any(static entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL));
        script.CompletePerEnter = static count => count;
        bench.RunToEnd(request);
    }

    [Fact]
    public void TimeLimit_ThatLosesAgainstTheDevice_LeavesTheSuccess()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, timeLimit: Limit);
        script.CompletePerEnter = static _ => 0;
        Request request = bench.Start(IoOperation.Write, Blocks(bench, 0, 2));
        bench.Turn();
        script.Clock = Limit + 1;
        bench.Turn();

        script.CompletePerEnter = static count => count;
        script.Answer = entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL ? -Errno.ENOENT : script.Whole(entry);
        bench.RunToEnd(request);

        Assert.True(request.Result.IsSuccess);
    }

    [Fact]
    public void TimeLimit_BeforeTheFirstEntry_EndsAtOnce_AndZeroesARead()
    {
        using RingScript script = new(capacity: 1, queueLength: 1);
        using EngineBench bench = new(script, timeLimit: Limit);
        script.CompletePerEnter = static _ => 0;
        Request stuck = bench.Start(IoOperation.Write, Blocks(bench, 0, 1));
        Request waiting = bench.Start(IoOperation.Read, Blocks(bench, 1, 2));
        bench.Turn();
        script.Clock = Limit + 1;
        bench.Turn();
        script.CompletePerEnter = static count => count;

        bench.RunToEnd(waiting);
        bench.RunToEnd(stuck);

        Assert.Equal(IoFailureCause.TimedOut, waiting.Result.First.Cause);
        Assert.Equal(-1, bench.Memory.Memory.Span[..(2 * bench.Devices[0].LogicalBlockSize)].IndexOfAnyExcept((byte)0));
        Assert.DoesNotContain(script.Taken, entry => entry.fd == bench.Devices[1].Descriptor);
    }

    [Fact]
    public void TimeLimit_OfAWaitingRetry_EndsItWithoutAnotherTry()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, timeLimit: 200_000);
        script.Answer = static _ => -Errno.EAGAIN;

        Request request = bench.Start(IoOperation.Write, Blocks(bench, 0, 1));
        bench.RunToEnd(request);

        Assert.Equal(new IoFailure(0, 0, Errno.ETIMEDOUT, IoFailureCause.TimedOut), request.Result.First);
        Assert.InRange(script.Clock, 200_000, 1_000_000);
        Assert.True(bench.IsIdle);
    }

    [Fact]
    public void TimeLimit_StopsTheLateRequestsOnly()
    {
        using RingScript script = new(capacity: 16, queueLength: 16);
        using EngineBench bench = new(script, timeLimit: Limit);
        script.CompletePerEnter = static _ => 0;
        Request early = bench.Start(IoOperation.Write, Blocks(bench, 0, 1));
        bench.Turn();
        script.Clock = Limit / 2;
        Request late = bench.Start(IoOperation.Write, Blocks(bench, 1, 1));
        bench.Turn();
        script.Clock = Limit + 1;
        bench.Turn();

        script.CompletePerEnter = static count => count;
        int stuck = bench.Devices[0].Descriptor;
        script.Answer = entry => entry.fd == stuck ? -Errno.ECANCELED : script.Whole(entry);
        bench.RunToEnd(early);
        bench.RunToEnd(late);

        Assert.Equal(IoFailureCause.TimedOut, early.Result.First.Cause);
        Assert.True(late.Result.IsSuccess);
        Assert.Single(script.Taken, static entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL);
    }

    [Fact]
    public void Cancels_OfManyChunks_NeverTakeMoreThanTheirPlacesInTheQueue()
    {
        using RingScript script = new(capacity: 64, queueLength: 64);
        using EngineBench bench = new(script, chunkBytes: 4096, timeLimit: Limit);
        script.CompletePerEnter = static _ => 0;
        Request request = bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], 0, 64 * 8));
        bench.Turn();
        script.Clock = Limit + 1;
        script.CompletePerEnter = static _ => 1;
        script.NextToComplete = static count => count - 1;
        script.Answer = static entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL ? 0 : -Errno.ECANCELED;

        bench.RunToEnd(request);

        Assert.InRange(script.MostInKernel, 64, 64 + 4);
        Assert.Equal(Errno.ETIMEDOUT, request.Result.First.Errno);
    }

    private static IoRegion Blocks(EngineBench bench, int device, int count) => new(bench.Devices[device], 0, count * bench.Block);
}
