using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>Stable copies that end before the kernel is done with them.</summary>
public sealed class AbandonedRequestTests
{
    private const long Limit = 1_000_000_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AStuckStableCopy_EndsWhenStopped_ItsPagesComeBackLater(bool byLimit)
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        int stuck = bench.Devices[1].Descriptor;
        stable.HoldBack(entry => entry.fd == stuck);
        Request request = stable.Start(default, Blocks(bench, 0, 2), Blocks(bench, 1, 2), Blocks(bench, 2, 2));
        bench.Turn();
        Assert.False(request.IsDone);

        stable.Stop(request, byLimit);
        bench.Turn();

        (int errno, IoFailureCause cause) = byLimit ? (Errno.ETIMEDOUT, IoFailureCause.TimedOut) : (Errno.ECANCELED, IoFailureCause.Cancelled);
        Assert.True(request.IsDone);
        Assert.Equal(("0b10", "0b0"), (request.Result.Failed.ToString(), request.Result.Unsupported.ToString()));
        Assert.Equal(new IoFailure(1, 0, errno, cause), request.Result.First);
        Assert.Equal((1, 1L), (bench.Engine.InFlight, bench.Counters.Requests));
        Assert.False(bench.IsIdle);
        Assert.NotEqual(0, stable.Pages.Counters.Rented);
        IoPendingRequest pending = Assert.Single(bench.Engine.GetPendingRequests());
        Assert.True(pending.IsAbandoned);
        Assert.Equal([new IoPendingRegion(1, bench.Devices[1].Path, 0, 2 * bench.Block, 0)], pending.Regions);

        stable.LetGo(-Errno.EIO);
        stable.RunToIdle();

        Assert.Equal(0, stable.Pages.Counters.Rented);
        Assert.Equal(new IoFailure(1, 0, errno, cause), request.Result.First);
        Assert.Equal((0, 1L, 0L), (bench.Engine.InFlight, bench.Counters.Requests, bench.Counters.Stale));
        Assert.Empty(bench.Engine.GetPendingRequests());
    }

    /// <summary>What nobody waits for any more is not carried out once more when the ring that had it is lost.</summary>
    [Fact]
    public void AnAbandonedStableCopy_InALostRing_ComesBackWithTheRingsEnd()
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        stable.HoldBack(static _ => true);
        Request request = stable.Start(default, Blocks(bench, 0, 2));
        bench.Turn();
        stable.Stop(request, byLimit: true);
        bench.Turn();
        Assert.True(request.IsDone);
        Assert.Equal(1, bench.Engine.InFlight);

        bench.Engine.MarkRingLost(Errno.EBADF);
        bench.Turn();

        Assert.Equal((0, 1L), (bench.Engine.InFlight, bench.Counters.Requests));
        Assert.Equal(0, stable.Pages.Counters.Rented);
        Assert.Empty(bench.Engine.GetPendingRequests());
    }

    [Fact]
    public void ACallersOwnBuffer_IsStillWaitedFor()
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        stable.HoldBack(static _ => true);
        Request request = bench.Start(IoOperation.Write, Blocks(bench, 0, 2));
        bench.Turn();
        stable.Stop(request, byLimit: true);
        for (int i = 0; i < 5; i++)
            bench.Turn();
        Assert.False(request.IsDone);
        stable.LetGo(-Errno.ECANCELED);
        bench.RunToEnd(request);
    }

    [Fact]
    public void WhatIsDoneInTime_IsDone_ThoughTheLimitHasPassed()
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        stable.HoldBack(static _ => true);
        Request request = stable.Start(default, Blocks(bench, 0, 2));
        bench.Turn();
        stable.LetGo(answer: null);
        bench.Script.Enter(1, 0);
        stable.Stop(request, byLimit: true);
        bench.Turn();
        Assert.True(request.IsDone);
        Assert.True(request.Result.IsSuccess);
        Assert.Equal(0, stable.Pages.Counters.Rented);
        Assert.True(bench.IsIdle);
    }

    [Fact]
    public void TheReport_IsTheCallersAgain_WhateverComesLater()
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        stable.HoldBack(static entry => entry.off == 0);
        IoReport report = new();
        Request request = stable.Start(new IoRequestOptions(IoFlags.StableCopy, default, report), Blocks(bench, 0, 64 / (int)bench.Block));
        bench.Turn();
        stable.Stop(request, byLimit: true);
        bench.Turn();
        Assert.True(request.IsDone);
        Assert.Equal(new IoFailure(0, 0, Errno.ETIMEDOUT, IoFailureCause.TimedOut), report[0]);

        report.Clear();
        stable.LetGo(-Errno.EIO);
        stable.RunToIdle();
        Assert.Equal(default, report[0]);
    }

    [Fact]
    public void AStuckPreflush_EndsTheRequest_AndNoneOfItsDataIsEverIssued()
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        stable.HoldBack(static entry => entry.opcode == IoUring.IORING_OP_FSYNC);
        Request request = stable.Start(new IoRequestOptions(IoFlags.StableCopy | IoFlags.Preflush), Blocks(bench, 0, 2));
        bench.Turn();
        stable.Stop(request, byLimit: true);
        bench.Turn();
        Assert.True(request.IsDone);
        Assert.Equal(new IoFailure(0, 0, Errno.ETIMEDOUT, IoFailureCause.TimedOut), request.Result.First);

        stable.LetGo(0);
        stable.RunToIdle();
        Assert.DoesNotContain(bench.Script.Taken, static entry => entry.opcode is IoUring.IORING_OP_WRITE or IoUring.IORING_OP_WRITEV);
        Assert.Equal(0, stable.Pages.Counters.Rented);
    }

    [Theory]
    [InlineData(-Errno.EIO, true)]
    [InlineData(-Errno.ECANCELED, false)]
    [InlineData(0, false)]
    public void AnAbandonedFlush_ThatFailsInTheEnd_LeavesADoubt(int result, bool isInDoubt)
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        stable.HoldBack(static entry => entry.opcode == IoUring.IORING_OP_FSYNC);
        Request request = stable.Start(new IoRequestOptions(IoFlags.StableCopy | IoFlags.Preflush), Blocks(bench, 0, 2));
        bench.Turn();
        stable.Stop(request, byLimit: true);
        bench.Turn();
        Assert.True(request.IsDone);
        Assert.Null(bench.Devices[0].Doubt);

        stable.LetGo(result);
        stable.RunToIdle();
        Assert.Equal(isInDoubt, bench.Devices[0].Doubt is not null);
    }

    [Fact]
    public void AnEmptyFlushThatAsksForACopy_EndsAtTheLimitToo()
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        stable.HoldBack(static _ => true);
        Request request = bench.StartWith(IoOperation.Write, default, new IoRequestOptions(IoFlags.StableCopy | IoFlags.Preflush), new IoRegion(bench.Devices[0], 0, 0));
        bench.Turn();
        stable.Stop(request, byLimit: true);
        bench.Turn();
        Assert.True(request.IsDone);
        Assert.Equal(Errno.ETIMEDOUT, request.Result.First.Errno);
        stable.LetGo(0);
        stable.RunToIdle();
    }

    [Fact]
    public void WhatWaitsToBeTriedAgain_EndsAtOnce_WithNothingLeftBehind()
    {
        using StableBench stable = new(limit: 200_000);
        EngineBench bench = stable.Bench;
        bench.Script.Answer = static _ => -Errno.EAGAIN;
        Request request = stable.Start(default, Blocks(bench, 0, 1));
        bench.RunToEnd(request);
        Assert.Equal(new IoFailure(0, 0, Errno.ETIMEDOUT, IoFailureCause.TimedOut), request.Result.First);
        Assert.True(bench.IsIdle);
        Assert.Equal(0, stable.Pages.Counters.Rented);
    }

    [Fact]
    public void OfAStuckDevice_RequestsEndAtTheirLimits_AndPagesComeBack()
    {
        using StableBench stable = new();
        EngineBench bench = stable.Bench;
        int stuck = bench.Devices[1].Descriptor;
        stable.HoldBack(entry => entry.fd == stuck);
        for (int round = 1; round <= 10; round++)
        {
            Request request = stable.Start(default, Blocks(bench, 0, 1), Blocks(bench, 1, 1));
            bench.Turn();
            stable.Stop(request, byLimit: true);
            bench.Turn();
            Assert.True(request.IsDone);
            Assert.Equal(("0b10", round), (request.Result.Failed.ToString(), bench.Engine.InFlight));
        }

        Assert.Equal(10, bench.Engine.GetPendingRequests().Count(static pending => pending.IsAbandoned));
        stable.LetGo(answer: null);
        stable.RunToIdle();
        Assert.Equal(0, stable.Pages.Counters.Rented);
        Assert.Equal(10, bench.Counters.Requests);
    }

    [Fact]
    public void OnlyTheCancelledRequestLeavesTheQueue_AndItDoesSoAtOnce()
    {
        using RingScript script = new(capacity: 1, queueLength: 1);
        using EngineBench bench = new(script);
        script.CompletePerEnter = static _ => 0;
        Request stuck = bench.Start(IoOperation.Write, Blocks(bench, 0, 1));
        Request[] behind = [.. Enumerable.Range(0, 3).Select(_ => bench.Start(IoOperation.Write, Blocks(bench, 1, 1)))];
        bench.Turn();
        behind[1].RequestCancel();
        bench.Engine.StopCancelledRequests();
        bench.Turn();
        Assert.Equal([false, true, false], behind.Select(static request => request.IsDone));
        Assert.Equal(IoFailureCause.Cancelled, behind[1].Result.First.Cause);

        behind[2].RequestCancel();
        bench.Engine.StopCancelledRequests();
        bench.Turn();
        Assert.True(behind[2].IsDone);
        Request last = bench.Start(IoOperation.Write, Blocks(bench, 2, 1));
        script.CompletePerEnter = static count => count;
        bench.RunToEnd(last);
        Assert.True(stuck.Result.IsSuccess && behind[0].Result.IsSuccess && last.Result.IsSuccess);
        Assert.True(bench.IsIdle);
    }

    private static IoRegion Blocks(EngineBench bench, int device, int count) => new(bench.Devices[device], 0, count * bench.Block);

    /// <summary>An engine, pages for copies, and a kernel that keeps what the test says.</summary>
    private sealed class StableBench : IDisposable
    {
        private readonly RingScript _script = new(capacity: 32, queueLength: 32);
        private readonly PageReservation _reserve;
        private Func<IoUringSqe, bool> _isHeld = static _ => false;

        public StableBench(long limit = Limit)
        {
            Bench = new EngineBench(_script, chunkBytes: 4096, timeLimit: limit, pool: Pages);
            _reserve = Pages.Reserve(64);
        }

        public EngineBench Bench { get; }

        public PagePool Pages { get; } = new();

        public void HoldBack(Func<IoUringSqe, bool> isHeld)
        {
            _isHeld = isHeld;
            _script.Keeps = entry => entry.opcode != IoUring.IORING_OP_ASYNC_CANCEL && _isHeld(entry);
            _script.Answer = entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL ? -Errno.ENOENT : _script.Whole(entry);
        }

        /// <summary>From now on the kernel keeps nothing.</summary>
        /// <param name="answer">What it answers what it had kept; null for success.</param>
        public void LetGo(int? answer)
        {
            _script.Keeps = static _ => false;
            _script.Answer = entry => entry.opcode == IoUring.IORING_OP_ASYNC_CANCEL ? -Errno.ENOENT
                : answer is { } errno && _isHeld(entry) ? errno
                : _script.Whole(entry);
        }

        public Request Start(IoRequestOptions options, params ReadOnlySpan<IoRegion> regions)
        {
            if (options.Flags == 0)
                options = new IoRequestOptions(IoFlags.StableCopy, default, options.Report);
            IoBuffer buffer = Bench.Memory.Slice(0, regions[0].Count * IoRegion.SectorSize);
            Assert.True(Pages.TryRent((int)((buffer.Length + PageList.PageSize - 1) / PageList.PageSize), out PageList copy));
            Request request = new(new CallbackReporter(null));
            request.TakeCopy(copy, 0, buffer.Length);
            request.Prepare(new RequestSpec(IoOperation.Write, regions, buffer, options));
            request.EndSync(sleeps: false);
            Bench.Accept(request);
            return request;
        }

        /// <summary>Has the next turn stop a request.</summary>
        public void Stop(Request request, bool byLimit)
        {
            if (byLimit)
            {
                _script.Clock += Limit + 1;
                return;
            }

            request.RequestCancel();
            Bench.Engine.StopCancelledRequests();
        }

        public void RunToIdle()
        {
            for (int turns = 0; !Bench.IsIdle; turns++)
            {
                Assert.True(turns < 1000, "The engine does not come to rest.");
                Bench.Turn();
            }
        }

        public void Dispose()
        {
            Bench.Dispose();
            _reserve.Dispose();
            Pages.Dispose();
            _script.Dispose();
        }
    }
}
