using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.UnitTests.Rings;

public sealed unsafe class KernelRingTests
{
    private const uint JustBeforeTheWrap = uint.MaxValue - 1;

    [Fact]
    public void Entries_GoOnAcrossTheWrapOfTheIndices()
    {
        FakeQueues queues = new(JustBeforeTheWrap);
        queues.Use(layout =>
        {
            KernelRing ring = new(layout, FakeQueues.Entries);
            for (uint i = 0; i < FakeQueues.Entries; i++)
                Assert.Equal((nint)(layout.Entries + ((JustBeforeTheWrap + i) % FakeQueues.Entries)), (nint)ring.TryNext(EntryRoute.MayPoll));
            Assert.True(ring.TryNext(EntryRoute.MayPoll) is null, "A full queue gave an entry.");

            *layout.SubmissionHead += 2;
            Assert.False(ring.TryNext(EntryRoute.MayPoll) is null);
            Assert.False(ring.TryNext(EntryRoute.MayPoll) is null);
            Assert.True(ring.TryNext(EntryRoute.MayPoll) is null, "A full queue gave an entry.");
        });
    }

    /// <summary>The descriptor is none: an enter that reaches the kernel loses the ring.</summary>
    [Theory]
    [InlineData(0u, 1, 0u, true)]
    [InlineData(0u, 0, 0u, true)]
    [InlineData(IoUring.IORING_SETUP_TASKRUN_FLAG, 1, 0u, true)]
    [InlineData(IoUring.IORING_SETUP_TASKRUN_FLAG, 0, 0u, false)]
    [InlineData(IoUring.IORING_SETUP_TASKRUN_FLAG, 0, IoUring.IORING_SQ_TASKRUN, true)]
    [InlineData(IoUring.IORING_SETUP_TASKRUN_FLAG, 0, IoUring.IORING_SQ_CQ_OVERFLOW, true)]
    [InlineData(IoUring.IORING_SETUP_SQPOLL, 1, 0u, false)]
    [InlineData(IoUring.IORING_SETUP_SQPOLL, 0, 0u, false)]
    [InlineData(IoUring.IORING_SETUP_SQPOLL, 0, IoUring.IORING_SQ_NEED_WAKEUP, false)]
    [InlineData(IoUring.IORING_SETUP_SQPOLL, 1, IoUring.IORING_SQ_NEED_WAKEUP, true)]
    public void AnEnterWithoutWait_ReachesTheKernel_WhenItHasWork(uint setup, int queued, uint flags, bool reaches)
    {
        FakeQueues queues = new(JustBeforeTheWrap);
        queues.Use(layout =>
        {
            KernelRing ring = new(layout, FakeQueues.Entries, setup);
            *layout.SubmissionFlags = flags;
            for (int i = 0; i < queued; i++)
                ring.TryNext(EntryRoute.MayPoll);
            Assert.Equal(reaches ? -Errno.EBADF : 0, ring.Enter(0, 0, 0));
            Assert.Equal(reaches ? 1 : 0, ring.EnterCount);
            Assert.Equal(JustBeforeTheWrap + (uint)queued, *layout.SubmissionTail);
        });
    }

    [Fact]
    public void Completions_AreTakenInOrderAcrossTheWrapOfTheIndices()
    {
        FakeQueues queues = new(JustBeforeTheWrap);
        queues.Use(layout =>
        {
            KernelRing ring = new(layout, FakeQueues.Entries);
            Assert.False(ring.HasCompletions);
            for (uint i = 0; i < 5; i++)
                layout.Completions[(JustBeforeTheWrap + i) % (2 * FakeQueues.Entries)] = new IoUringCqe { user_data = i };
            *layout.CompletionTail += 5;
            Assert.True(ring.HasCompletions);

            IoUringCqe[] taken = new IoUringCqe[3];
            Assert.Equal(3, ring.Take(taken));
            Assert.Equal([0ul, 1ul, 2ul], taken.Select(static completion => completion.user_data));
            Assert.Equal(2, ring.Take(taken));
            Assert.Equal([3ul, 4ul], taken.Take(2).Select(static completion => completion.user_data));
            Assert.Equal(0, ring.Take(taken));
            Assert.Equal(*layout.CompletionTail, *layout.CompletionHead);
        });
    }

    [Fact]
    public void Nops_MoreThanTheQueueHolds_AllComplete()
    {
        KernelRing ring = new(KernelRingHandle.Create(8), 8);
        ring.Enable(register: true);
        IoUringCqe[] taken = new IoUringCqe[64];
        int completed = 0;
        for (ulong i = 0; i < 100_000; i++)
        {
            IoUringSqe* entry = ring.TryNext(EntryRoute.MayPoll);
            if (entry is null)
            {
                ring.Enter(1, -1, 0);
                completed += ring.Take(taken);
                entry = ring.TryNext(EntryRoute.MayPoll);
            }

            *entry = default;
            entry->opcode = IoUring.IORING_OP_NOP;
            entry->user_data = i;
        }

        while (completed < 100_000)
        {
            ring.Enter(1, -1, 0);
            completed += ring.Take(taken);
        }

        Assert.Equal(100_000, completed);
        ring.Dispose();
    }

    /// <summary>Since 6.13 one call gives twenty, unless more are asked for. One write to an eventfd makes all of them due at once.</summary>
    [Fact]
    public void CompletionsThatAreDue_ComeByOneCall()
    {
        const int count = 128;
        KernelRing ring = new(KernelRingHandle.Create(count), count);
        ring.Enable(register: true);
        using WakeEvent due = new();
        IoUringCqe[] taken = new IoUringCqe[count];
        long calls = 0;
        for (int round = 0; round < 20; round++)
        {
            for (uint i = 0; i < count; i++)
            {
                IoUringSqe* entry = ring.TryNext(EntryRoute.NoPoll);
                *entry = default;
                entry->opcode = IoUring.IORING_OP_POLL_ADD;
                entry->fd = due.Descriptor;
                entry->poll32_events = (uint)FileAbi.POLLIN;
            }

            Assert.Equal(0, ring.Enter(0, 0, 0));
            due.Signal();
            long before = ring.EnterCount;
            for (int left = count; left > 0; left -= ring.Take(taken))
                Assert.Equal(0, ring.Enter(1, -1, 0));
            calls = ring.EnterCount - before;
            WakeEvent.Drain(due.Descriptor);
        }

        Assert.Equal(1, calls);
        ring.Dispose();
    }

    /// <summary>When the time for several is over, one is enough, but not none.</summary>
    [Fact]
    public void AWaitForSeveral_EndsWithACompletion_NotWithItsTime()
    {
        KernelRing ring = new(KernelRingHandle.Create(8), 8);
        ring.Enable(register: true);
        using WakeEvent due = new();
        IoUringSqe* entry = ring.TryNext(EntryRoute.NoPoll);
        *entry = default;
        entry->opcode = IoUring.IORING_OP_POLL_ADD;
        entry->fd = due.Descriptor;
        entry->poll32_events = (uint)FileAbi.POLLIN;
        using Timer timer = new(static signal => ((WakeEvent)signal!).Signal(), due, dueTime: 50, Timeout.Infinite);
        Assert.Equal(0, ring.Enter(2, -1, 1000));
        Assert.Equal(1, ring.Take(new IoUringCqe[1]));
        ring.Dispose();
    }

    [Fact]
    public void RemainsOfAClosedRing_GoWithItsLastEntry()
    {
        int* ends = stackalloc int[2];
        Assert.Equal(0, Libc.Pipe2(ends, FileAbi.O_CLOEXEC));
        KernelRing ring = new(KernelRingHandle.Create(8), 8);
        ring.Enable(register: true);
        using IoMemory memory = IoMemory.Allocate(4096);
        IoUringSqe* entry = ring.TryNext(EntryRoute.NoPoll);
        *entry = default;
        entry->opcode = IoUring.IORING_OP_READ;
        entry->fd = ends[0];
        entry->addr = (ulong)memory.Pointer;
        entry->len = 4096;
        Assert.Equal(0, ring.Enter(0, 0, 0));

        // A read of a pipe can be cancelled, so it does not hold the ring up.
        List<RingTeardown> left = [];
        ring.Abandon(left);
        using RingTeardown remains = Assert.Single(left);
        remains.Wait(-1, 10_000_000_000);
        Assert.True(remains.IsComplete);
        Assert.Equal((0, false, false), (ring.Room, ring.HasCompletions, ring.HasQueued));
        Assert.True(ring.TryNext(EntryRoute.NoPoll) is null);
        Assert.Equal(0, ring.Take(new IoUringCqe[1]));
        ring.Dispose();
        _ = Libc.Close(ends[0]);
        _ = Libc.Close(ends[1]);
    }

    [Fact]
    public void Enter_WithNothingToWaitFor_EndsAtItsTimeLimit()
    {
        KernelRing ring = new(KernelRingHandle.Create(8), 8);
        ring.Enable(register: false);
        long before = ring.Now;
        ring.Enter(1, 20_000_000, 0);
        Assert.True(ring.Now - before >= 20_000_000);
        Assert.Equal(0, ring.Take(new IoUringCqe[1]));
        ring.Dispose();
    }

    [Fact]
    public void Enter_ByAThreadThatDoesNotOwnTheRing_LosesIt()
    {
        KernelRing ring = new(KernelRingHandle.Create(8), 8);
        Thread owner = new(() => ring.Enable(register: false));
        owner.Start();
        owner.Join();
        ring.TryNext(EntryRoute.MayPoll);
        Assert.Equal(-Errno.EEXIST, ring.Enter(0, 0, 0));
        ring.Dispose();
    }
}
