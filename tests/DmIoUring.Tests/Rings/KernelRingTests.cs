using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Tests.Rings;

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

    /// <summary>The descriptor is none: an enter that reaches the kernel throws.</summary>
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
    public void AnEnterThatWaitsForNothing_ReachesTheKernel_WhenThatHasSomethingToDo(uint setup, int queued, uint flags, bool reaches)
    {
        FakeQueues queues = new(JustBeforeTheWrap);
        queues.Use(layout =>
        {
            KernelRing ring = new(layout, FakeQueues.Entries, setup);
            *layout.SubmissionFlags = flags;
            for (int i = 0; i < queued; i++)
                ring.TryNext(EntryRoute.MayPoll);
            if (reaches)
                Assert.Throws<InvalidOperationException>(() => ring.Enter(0, 0, 0));
            else
                ring.Enter(0, 0, 0);
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
    public void Enter_ByAThreadThatDoesNotOwnTheRing_IsAnExceptionThatSaysSo()
    {
        KernelRing ring = new(KernelRingHandle.Create(8), 8);
        Thread owner = new(() => ring.Enable(register: false));
        owner.Start();
        owner.Join();
        ring.TryNext(EntryRoute.MayPoll);
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() => ring.Enter(0, 0, 0));
        Assert.Contains("EEXIST", exception.Message, StringComparison.Ordinal);
        Assert.Contains("another thread", exception.Message, StringComparison.Ordinal);
        ring.Dispose();
    }
}
