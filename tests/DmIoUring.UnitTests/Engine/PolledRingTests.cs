using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>A polling ring and its companion, which are one ring to the engine.</summary>
public sealed unsafe class PolledRingTests
{
    private static readonly byte[] Transfers = [IoUring.IORING_OP_READ, IoUring.IORING_OP_WRITE, IoUring.IORING_OP_READV, IoUring.IORING_OP_WRITEV];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadsAndWrites_ArePolledFor_AndNothingElseIs(bool fastPath)
    {
        using RingScript polled = new() { CompletesUnasked = true };
        using RingScript companion = new(beside: polled) { CompletesUnasked = true };
        using EngineBench bench = new(polled, holdsDevices: true, startsStraight: fastPath, companion: companion);
        IoRegion region = new(bench.Devices[0], 0, 8);
        bench.Engine.WakeOn(99);
        foreach (IoOperation operation in Enum.GetValues<IoOperation>())
            bench.RunToEnd(bench.Start(operation, region));
        bench.RunToEnd(bench.StartWith(IoOperation.Write, bench.Memory, IoFlags.Preflush | IoFlags.Fua, region));
        if (fastPath)
            StartOnFastPath(bench, region);

        Assert.All(polled.Taken, static entry => Assert.Contains(entry.opcode, Transfers));
        Assert.Equal(fastPath ? 4 : 3, polled.Taken.Count);
        Assert.Equal(IoUring.IORING_OP_POLL_ADD, companion.Taken[0].opcode);
        Assert.Equal(
            [IoUring.IORING_OP_FSYNC, IoUring.IORING_OP_FALLOCATE, IoUring.IORING_OP_FALLOCATE, IoUring.IORING_OP_FSYNC],
            companion.Taken.Select(static entry => entry.opcode).Where(static opcode => opcode != IoUring.IORING_OP_POLL_ADD));
    }

    /// <summary>An entry is repeated on the next ring only when neither ring can have it.</summary>
    [Fact]
    public void ALostRing_TakesItsCompanionWithIt()
    {
        Require.KernelRing();
        PolledRing<KernelRing> ring = new(new KernelRing(KernelRingHandle.Create(8), 8), new KernelRing(KernelRingHandle.Create(8), 8));
        ring.Enable(register: false);
        List<RingTeardown> teardowns = [];
        ring.Abandon(teardowns);
        ring.Dispose();
        Assert.Equal(2, teardowns.Count);
        foreach (RingTeardown teardown in teardowns)
        {
            teardown.Wait(-1, 10_000_000_000);
            Assert.True(teardown.IsComplete);
            teardown.Dispose();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADeviceThatRefusesToBePolled_IsTriedOnce(bool fastPath)
    {
        using RingScript polled = new() { CompletesUnasked = true };
        using RingScript companion = new(beside: polled) { CompletesUnasked = true };
        using EngineBench bench = new(polled, holdsDevices: true, startsStraight: fastPath, companion: companion);
        int refuses = bench.Devices[0].Descriptor;
        polled.Answer = entry => entry.fd == refuses ? -Errno.EOPNOTSUPP : polled.Whole(entry);
        IoRegion region = new(bench.Devices[0], 0, 8);
        IoRegion other = new(bench.Devices[1], 0, 8);
        for (int i = 0; i < 3; i++)
            Assert.Equal(default, bench.Write(region, other));
        if (fastPath)
            StartOnFastPath(bench, region);

        Assert.Equal(1 + 3, polled.Taken.Count);
        Assert.Equal(fastPath ? 4 : 3, companion.Taken.Count);
        Assert.True(polled.Disk(bench.Devices[0]).AsSpan(0, 4096).SequenceEqual(bench.Memory.GetSpan()[..4096]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OnlySmallTransfersInOnePiece_ArePolledFor(bool fastPath)
    {
        using RingScript polled = new() { CompletesUnasked = true };
        using RingScript companion = new(beside: polled) { CompletesUnasked = true };
        using EngineBench bench = new(polled, holdsDevices: true, startsStraight: fastPath, companion: companion);
        IoRegion small = new(bench.Devices[0], 0, 128);
        IoRegion large = new(bench.Devices[0], 0, 136);
        Assert.Equal(default, bench.Write(small));
        Assert.Equal(default, bench.Write(large));
        if (fastPath)
        {
            StartOnFastPath(bench, small);
            StartOnFastPath(bench, large);
        }

        byte* start = (byte*)bench.Memory.Pointer;
        IoBuffer pieces = IoBuffer.Vectors(new IoVector[] { new(start, 4096), new(start + 8192, 4096) });
        Request scattered = bench.StartWith(IoOperation.Write, pieces, default, new IoRegion(bench.Devices[0], 0, 16));
        bench.RunToEnd(scattered);
        Assert.Equal(default, scattered.Result);
        Assert.All(polled.Taken, static entry => Assert.Equal(64u << 10, entry.len));
        Assert.Equal(fastPath ? (2, 3) : (1, 2), (polled.Taken.Count, companion.Taken.Count));
    }

    /// <summary>What is not there may be the flag and not the polling: the next transfer without is asked for again.</summary>
    [Fact]
    public void ARefusalOfATransferWithFlags_SaysNothingOfTheDevice()
    {
        using RingScript polled = new() { CompletesUnasked = true };
        using RingScript companion = new(beside: polled) { CompletesUnasked = true };
        using EngineBench bench = new(polled, holdsDevices: true, companion: companion);
        polled.Answer = entry => entry.rw_flags != 0 ? -Errno.EOPNOTSUPP : polled.Whole(entry);
        companion.Answer = static _ => -Errno.EOPNOTSUPP;
        IoRegion region = new(bench.Devices[0], 0, 8);
        Request fua = bench.StartWith(IoOperation.Write, bench.Memory, IoFlags.Fua, region);
        bench.RunToEnd(fua);
        Assert.Equal((1ul, Errno.EOPNOTSUPP), (fua.Result.Unsupported.Value, fua.Result.First.Errno));
        Assert.Equal(default, bench.Write(region));
        Assert.Equal((2, 1), (polled.Taken.Count, companion.Taken.Count));
    }

    [Fact]
    public void OtherErrors_AreNotTriedAgain()
    {
        using RingScript polled = new() { CompletesUnasked = true, Answer = static _ => -Errno.EIO };
        using RingScript companion = new(beside: polled);
        using EngineBench bench = new(polled, holdsDevices: true, companion: companion);
        Assert.Equal(Errno.EIO, bench.Write(new IoRegion(bench.Devices[0], 0, 8)).First.Errno);
        Assert.Empty(companion.Taken);
    }

    [Fact]
    public void WithNothingToAskFor_TheOwnerSleepsInTheCompanion()
    {
        using RingScript polled = new();
        using RingScript companion = new(beside: polled);
        using EngineBench bench = new(polled, companion: companion);
        bench.RunToEnd(bench.Start(IoOperation.Flush, new IoRegion(bench.Devices[0], 0, 8)));
        Assert.Empty(polled.Waits);
        Assert.Equal([1u], companion.Waits);
        Assert.False(bench.Engine.MustPoll);
    }

    [Fact]
    public void WithNothingElseUnderWay_TheKernelAsksUntilADeviceAnswers()
    {
        using RingScript polled = new();
        using RingScript companion = new(beside: polled);
        using EngineBench bench = new(polled, companion: companion);
        Request request = bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], 0, 8));
        Assert.True(bench.Engine.MustPoll);
        bench.RunToEnd(request);
        Assert.Equal([1u], polled.Waits);
        Assert.Empty(companion.Waits);
        Assert.False(bench.Engine.MustPoll);
    }

    [Fact]
    public void WithBothUnderWay_NeitherIsWaitedIn_AndBothAreLookedAt()
    {
        using RingScript polled = new() { CompletesUnasked = true };
        using RingScript companion = new(beside: polled) { CompletesUnasked = true };
        int looks = 0;
        polled.CompletePerEnter = count => ++looks > 5 ? count : 0;
        companion.CompletePerEnter = count => looks > 2 ? count : 0;
        using EngineBench bench = new(polled, companion: companion);
        Request write = bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], 0, 8));
        Request flush = bench.Start(IoOperation.Flush, new IoRegion(bench.Devices[1], 0, 8));
        bench.RunToEnd(flush);
        Assert.False(write.IsDone);
        Assert.All(polled.Waits.Concat(companion.Waits), static wait => Assert.Equal(0u, wait));
        Assert.Equal(polled.Waits.Count, companion.Waits.Count);
        bench.RunToEnd(write);
    }

    /// <summary>An armed poll completes again and again, and is still under way.</summary>
    [Fact]
    public void APollThatStaysArmed_KeepsTheCompanionUnderWay()
    {
        using RingScript polled = new() { CompletesUnasked = true, CompletePerEnter = static _ => 0 };
        using RingScript companion = new(beside: polled) { CompletePerEnter = static _ => 0 };
        using EngineBench bench = new(polled, companion: companion);
        bench.Engine.WakeOn(99);
        bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], 0, 8));
        bench.Turn();
        companion.Completions.Enqueue(new IoUringCqe { user_data = companion.Taken[0].user_data, res = 1, flags = IoUring.IORING_CQE_F_MORE });
        bench.Turn();
        bench.Turn();
        Assert.All(polled.Waits, static wait => Assert.Equal(0u, wait));
    }

    [Fact]
    public void ACancel_GoesByTheCompanion()
    {
        using RingScript polled = new() { CompletesUnasked = true, CompletePerEnter = static _ => 0 };
        using RingScript companion = new(beside: polled) { CompletesUnasked = true };
        using EngineBench bench = new(polled, companion: companion);
        Request write = bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], 0, 8));
        bench.Turn();
        write.RequestCancel();
        bench.Engine.StopCancelledRequests();
        bench.Turn();
        Assert.Equal(IoUring.IORING_OP_ASYNC_CANCEL, Assert.Single(companion.Taken).opcode);
        polled.CompletePerEnter = static count => count;
        bench.RunToEnd(write);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFile_IsKnownToBothRingsOrToNeither(bool polledRefuses)
    {
        using RingScript polled = new() { CompletesUnasked = true };
        using RingScript companion = new(beside: polled) { CompletesUnasked = true };
        (polledRefuses ? polled : companion).FileAnswer = static _ => -Errno.ENOMEM;
        using EngineBench bench = new(polled, holdsDevices: true, companion: companion);
        Assert.Equal(default, bench.Write(new IoRegion(bench.Devices[0], 0, 8)));
        Assert.Equal(Errno.ENOMEM, bench.Engine.RegisterFilesErrno);
        Assert.Empty(polled.RegisteredFiles);
        Assert.Empty(companion.RegisteredFiles);
        Assert.Equal(0, polled.Taken[0].flags);
    }

    [Fact]
    public void ABuffer_IsKnownToBothRingsOrToNeither()
    {
        using RingScript first = new();
        using RingScript second = new(beside: first) { RegisterAnswer = -Errno.ENOMEM };
        PolledRing<ScriptedRing> ring = new(new ScriptedRing(first), new ScriptedRing(second));
        Assert.Equal(-Errno.ENOMEM, ring.RegisterBuffer(3, (byte*)4096, 8192));
        Assert.Equal((0, 0L), first.Registered[3]);
        Assert.Equal((0, 0L), second.Registered[3]);
    }

    [Fact]
    public void Completions_AreTakenFromBoth_AsManyAsFit()
    {
        using RingScript first = new();
        using RingScript second = new(beside: first);
        PolledRing<ScriptedRing> ring = new(new ScriptedRing(first), new ScriptedRing(second));
        for (ulong i = 0; i < 3; i++)
        {
            first.Completions.Enqueue(new IoUringCqe { user_data = i });
            second.Completions.Enqueue(new IoUringCqe { user_data = 10 + i });
        }

        IoUringCqe[] taken = new IoUringCqe[4];
        Assert.Equal(4, ring.Take(taken));
        Assert.Equal([0ul, 1ul, 2ul, 10ul], taken.Select(static completion => completion.user_data));
        Assert.True(ring.HasCompletions);
        Assert.Equal(2, ring.Take(taken));
        Assert.False(ring.HasCompletions);
    }

    [Fact]
    public void ARouteThatIsFull_LeavesTheOtherRoom_AndTheFastPathNone()
    {
        using RingScript first = new(queueLength: 2);
        using RingScript second = new(queueLength: 4, beside: first);
        PolledRing<ScriptedRing> ring = new(new ScriptedRing(first), new ScriptedRing(second));
        Assert.Equal(2, ring.Room);
        Assert.True(ring.TryNext(EntryRoute.MayPoll) is not null);
        Assert.True(ring.TryNext(EntryRoute.MayPoll) is not null);
        Assert.True(ring.TryNext(EntryRoute.MayPoll) is null);
        Assert.Equal(0, ring.Room);
        Assert.True(ring.TryNext(EntryRoute.NoPoll) is not null);
    }

    private static void StartOnFastPath(EngineBench bench, in IoRegion region)
    {
        Assert.True(bench.TryAcceptFast(IoOperation.Write, region));
        while (!bench.IsIdle)
            bench.Turn();
    }
}
