using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>On a device that completes a transfer within the call the owner makes the call; everything else uses the ring, and a worker of the kernel.</summary>
public sealed class InlineTransferTests : IDisposable
{
    private const int MostSectors = (64 << 10) / 512;
    private readonly RingScript _script = new(capacity: 8, queueLength: 8);
    private EngineBench? _bench;

    private EngineBench Bench => _bench ??= NewBench();

    public void Dispose()
    {
        _bench?.Dispose();
        _script.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AShortRegion_IsTransferredByTheOwner(bool holdsDevices)
    {
        _bench = NewBench(holdsDevices);
        byte[] written = Bench.Memory.Memory.Span[..4096].ToArray();
        Assert.True(Bench.Write(Sectors(0, 8)).IsSuccess);
        Bench.Memory.Memory.Span.Clear();
        Assert.True(Bench.Read(Sectors(0, 8)).IsSuccess);
        Assert.Equal(written, Bench.Memory.Memory.Span[..4096]);
        Assert.Equal([IoUring.IORING_OP_WRITE, IoUring.IORING_OP_READ], _script.Executed.Select(static entry => entry.opcode));
        Assert.All(_script.Executed, entry => Assert.Equal((Bench.Devices[0].Descriptor, (byte)0), (entry.fd, entry.flags)));
        Assert.Empty(_script.Taken);
        Assert.Equal((2, 0, 0), (Bench.Counters.InlineTransfers, Bench.Counters.Entries, Bench.Counters.WorkerEntries));
        Assert.True(Bench.IsIdle);
    }

    [Fact]
    public void ScatteredMemory_IsOneCall()
    {
        IoBuffer pieces = IoBuffer.From((Memory<byte>[])[Bench.Memory.Memory[..1024], Bench.Memory.Memory.Slice(8192, 3072)]);
        Bench.RunToEnd(Bench.StartWith(IoOperation.Write, pieces, default, Sectors(0, 8)));
        Assert.Equal(IoUring.IORING_OP_WRITEV, Assert.Single(_script.Executed).opcode);
        Assert.Equal(Bench.Memory.Memory.Span.Slice(8192, 3072), _script.Disk(Bench.Devices[0]).AsSpan(1024, 3072));
    }

    [Theory]
    [InlineData(MostSectors, true)]
    [InlineData(MostSectors + 8, false)]
    public void ALongRegion_IsLeftToAWorker(int sectors, bool isInline)
    {
        Assert.True(Bench.Write(Sectors(0, sectors)).IsSuccess);
        Assert.Equal(isInline ? (1, 0) : (0, 1), (_script.Executed.Count, _script.Taken.Count));
        Assert.Equal(isInline ? 0 : 1, Bench.Counters.WorkerEntries);
    }

    [Fact]
    public void TheLastChunkOfALongRegion_IsLeftToAWorkerToo()
    {
        _bench = NewBench(chunkBytes: 64 << 10);
        Assert.True(Bench.Write(Sectors(0, MostSectors + 8)).IsSuccess);
        Assert.Empty(_script.Executed);
        Assert.Equal(2, Bench.Counters.WorkerEntries);
    }

    [Fact]
    public void OfManyAtOnce_AllButTheFirstAreLeftToWorkers()
    {
        Request[] requests = [.. Enumerable.Range(0, 8).Select(_ => Bench.Start(IoOperation.Write, Sectors(0, 8)))];
        Array.ForEach(requests, Bench.RunToEnd);
        Assert.Equal((1, 7), (_script.Executed.Count, _script.Taken.Count));
        Assert.Equal((1, 7), (Bench.Counters.InlineTransfers, Bench.Counters.WorkerEntries));
        Assert.True(Bench.Write(Sectors(0, 8)).IsSuccess);
        Assert.Equal((2, 7), (_script.Executed.Count, _script.Taken.Count));
    }

    [Fact]
    public void OtherDevices_DoNotCount()
    {
        _script.Keeps = entry => entry.fd == Bench.Devices[0].Descriptor;
        for (int i = 0; i < 4; i++)
            Bench.Start(IoOperation.Write, Sectors(0, MostSectors + 8));
        Assert.True(Bench.Write(Sectors(1, 8)).IsSuccess);
        Assert.Single(_script.Executed);
    }

    [Fact]
    public void ARegionsChunks_AllGoTheSameWay()
    {
        _bench = NewBench(chunkBytes: 8 << 10);
        Assert.True(Bench.Write(Sectors(0, MostSectors)).IsSuccess);
        Assert.Equal((8, 0), (_script.Executed.Count, _script.Taken.Count));
    }

    [Fact]
    public void OneWithAPriority_IsLeftToAWorker()
    {
        IoRequestOptions options = new() { Priority = new IoPriority(IoPriorityClass.BestEffort, 3) };
        Bench.RunToEnd(Bench.StartWith(IoOperation.Write, Bench.Memory, options, Sectors(0, 8)));
        Assert.Equal((0, 1), (_script.Executed.Count, _script.Taken.Count));
    }

    [Fact]
    public void WithATimeLimit_AllAreLeftToWorkers()
    {
        _bench = NewBench(timeLimit: 1_000_000_000);
        Assert.True(Bench.Write(Sectors(0, 8)).IsSuccess);
        Assert.Equal((0, 1), (_script.Executed.Count, _script.Taken.Count));
    }

    [Fact]
    public void APreflush_UsesTheRing_AndTheDataFollows()
    {
        IoRequestOptions options = new() { Flags = IoFlags.Preflush };
        _script.Answer = entry =>
        {
            Assert.Equal(entry.opcode == IoUring.IORING_OP_FSYNC, _script.Executed.Count == 0);
            return _script.Whole(entry);
        };
        Bench.RunToEnd(Bench.StartWith(IoOperation.Write, Bench.Memory, options, Sectors(0, 8)));
        Assert.Equal((1, 1), (_script.Executed.Count, _script.Taken.Count));
        Assert.Equal(1, Bench.Counters.WorkerEntries);
    }

    [Fact]
    public void AShortTransfer_IsContinued_AndATransientErrorTriedAgain()
    {
        Queue<int> answers = new([-Errno.EAGAIN, 1024, -Errno.EINTR, 3072]);
        _script.Answer = _ => answers.Dequeue();
        Assert.True(Bench.Write(Sectors(0, 8)).IsSuccess);
        Assert.Equal([0, 0, 1024, 1024], _script.Executed.Select(static entry => (int)entry.off));
        Assert.Equal((1, 2), (Bench.Counters.ShortTransfers, Bench.Counters.Retries));
    }

    [Fact]
    public void AnError_IsTheRegions_AndWhatWasNotReadIsZero()
    {
        _script.Answer = static _ => -Errno.EIO;
        IoResult result = Bench.Read(Sectors(0, 8));
        Assert.Equal(new IoFailure(0, 0, Errno.EIO, IoFailureCause.Device), result.First);
        Assert.False(Bench.Memory.Memory.Span[..4096].ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void WhatIsCancelledBeforeItsTurn_IsNotDone()
    {
        Request request = Bench.Start(IoOperation.Write, Sectors(0, 8), Sectors(1, 8));
        Assert.True(Bench.Engine.HasResults && Bench.Engine.HasInlineTransfers);
        request.RequestCancel();
        Bench.Engine.StopCancelledRequests();
        Bench.RunToEnd(request);
        Assert.Empty(_script.Executed);
        Assert.Equal("0b11", request.Result.Failed.ToString());
        Assert.Equal(IoFailureCause.Cancelled, request.Result.First.Cause);
        Assert.True(Bench.IsIdle);
    }

    [Fact]
    public void TheFastPath_LeavesThemAlone()
    {
        _bench = new EngineBench(_script, holdsDevices: true, startsStraight: true, geometry: OddDevice.Inline);
        Assert.True(Bench.Write(Sectors(0, 8)).IsSuccess);
        Assert.False(Bench.TryAcceptFast(IoOperation.Write, Sectors(0, 8)));
    }

    [Fact]
    public void WhatACallbackSubmits_WaitsForTheNextTurn()
    {
        RequestPool pool = new(new CallbackReporter(null));
        int ended = 0;
        void Submit(int device)
        {
            Request request = pool.Take(mayWait: false);
            request.Prepare(new RequestSpec(IoOperation.Write, [Sectors(device, 8)], Bench.Memory, default));
            request.EndWith((_, _) =>
            {
                ended++;
                Submit(device);
            },
            context: null);
            Bench.Accept(request);
        }

        Submit(0);
        Submit(1);
        for (int turns = 1; turns <= 10; turns++)
        {
            // One where the first took all of a turn's time.
            Bench.Engine.Enter(1);
            Assert.InRange(Bench.Engine.Dispatch(), 1, 2);
            Assert.InRange(ended, turns, 2 * turns);
        }

        Assert.Empty(_script.Taken);
    }

    [Theory]
    [InlineData(IoWaitPolicy.Adaptive)]
    [InlineData(IoWaitPolicy.Busy)]
    public void WhileSomeAreToBeMade_TheRingIsEntered(IoWaitPolicy policy)
    {
        AwakeWait wait = new(new DmIoOptions { WaitPolicy = policy });
        Bench.Start(IoOperation.Write, Sectors(0, MostSectors + 8));
        Bench.Start(IoOperation.Write, Sectors(1, 8));
        Assert.True(wait.Run(Bench.Engine));
        Assert.Single(_script.Taken);
        Assert.Empty(_script.Executed);
    }

    [Fact]
    public void WhereTheRingIsLost_TheyAreDone()
    {
        Request request = Bench.Start(IoOperation.Write, Sectors(0, 8));
        Bench.Engine.MarkRingLost(Errno.EBADR);
        Bench.RunToEnd(request);
        Assert.True(request.Result.IsSuccess);
        Assert.True(Bench.Write(Sectors(0, 8)).IsSuccess);
        Assert.Equal(2, _script.Executed.Count);
    }

    [Fact]
    public void ADeviceWhoseCallsSleep_UsesTheRing_AndIsTriedAgainLater()
    {
        bool sleeps = true;
        _script.Answer = entry =>
        {
            if (sleeps)
            {
                _script.Clock += 1_000_000;
                _script.Sleeps++;
            }

            return _script.Whole(entry);
        };

        // The first is slow; the next is watched, and seen to sleep.
        Write(3);
        Assert.Equal((2, 1), (_script.Executed.Count, _script.Taken.Count));
        sleeps = false;
        Write(127);
        Assert.Equal((2, 128), (_script.Executed.Count, _script.Taken.Count));
        Write(10);
        Assert.Equal((12, 128), (_script.Executed.Count, _script.Taken.Count));
    }

    [Fact]
    public void ADeviceThatIsSlowWithoutSleeping_StaysInline()
    {
        _script.Answer = entry =>
        {
            _script.Clock += 1_000_000;
            return _script.Whole(entry);
        };
        Write(5);
        Assert.Equal((5, 0), (_script.Executed.Count, _script.Taken.Count));
    }

    private void Write(int times)
    {
        for (int i = 0; i < times; i++)
            Assert.True(Bench.Write(Sectors(0, 8)).IsSuccess);
    }

    private EngineBench NewBench(bool holdsDevices = true, int chunkBytes = 1 << 20, long timeLimit = 0) =>
        new(_script, chunkBytes: chunkBytes, timeLimit: timeLimit, holdsDevices: holdsDevices, geometry: OddDevice.Inline);

    private IoRegion Sectors(int device, long count) => new(Bench.Devices[device], 0, count);
}
