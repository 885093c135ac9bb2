using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.UnitTests.Rings;

/// <summary>Entries on their way from a ring's owner to who executes them, when that throws.</summary>
public sealed unsafe class WorkerHandOverTests
{
    [Fact]
    public void AnExecutorThatThrows_GetsNoEntryTwice_AndTheRestLater()
    {
        Thrower executor = new();
        using WorkerQueues queues = new(executor, capacity: 4);
        for (ulong i = 1; i <= 3; i++)
        {
            IoUringSqe* entry = queues.TryNext();
            entry->opcode = IoUring.IORING_OP_FSYNC;
            entry->user_data = i;
        }

        executor.ThrowsAt = 2;
        Assert.Throws<InvalidOperationException>(() => queues.Enter(0, 0));
        Assert.Equal([1, 2], executor.Given);
        Assert.Equal(1, executor.Ends);
        Assert.True(queues.HasFilled);
        queues.Enter(0, 0);
        Assert.Equal([1, 2, 3], executor.Given);
        Assert.Equal(2, executor.Ends);
        Assert.False(queues.HasFilled);
        queues.TryNext()->user_data = 4;
        queues.Enter(0, 0);
        Assert.Equal([1, 2, 3, 4], executor.Given);
    }

    private sealed class Thrower : EntryExecutor
    {
        public ulong ThrowsAt { get; set; }

        public List<ulong> Given { get; } = [];

        public int Ends { get; private set; }

        public override int AtOnce => int.MaxValue;

        public override void AddReference()
        {
        }

        public override void Release()
        {
        }

        public override void Submit(WorkItem item)
        {
            Given.Add(item.Entry->user_data);
            if (item.Entry->user_data == ThrowsAt)
                throw new InvalidOperationException("This executor throws.");
        }

        public override void Submitted() => Ends++;

        public override bool TryTakeBack(WorkItem item) => false;

        public override int Execute(in IoUringSqe entry) => 0;
    }
}
