using System.Runtime.InteropServices;
using DmIoUring.DeviceTests.Client;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>A worker ring entry by entry: it answers as io_uring does.</summary>
public sealed unsafe class WorkerQueuesTests
{
    [Fact]
    public void AnEntryThatNobodyKnows_IsInvalid()
    {
        using Ring ring = new();
        ring.Push(1)->opcode = IoUring.IORING_OP_NOP;
        IoUringSqe* command = ring.Push(2);
        command->opcode = IoUring.IORING_OP_URING_CMD;
        command->cmd_op = 77;
        Assert.Equal([(1ul, -Errno.EINVAL), (2ul, -Errno.EINVAL)], ring.Complete(2).OrderBy(static ended => ended.UserData));
    }

    [Fact]
    public void ACancelOfWhatIsNotThere_IsNotFound()
    {
        using Ring ring = new();
        IoUringSqe* cancel = ring.Push(1);
        cancel->opcode = IoUring.IORING_OP_ASYNC_CANCEL;
        cancel->addr = 99;
        Assert.Equal([(1ul, -Errno.ENOENT)], ring.Complete(1));
    }

    [Fact]
    public void ACancelOfWhatWaitsForAThread_GetsItBack()
    {
        using FrozenFile frozen = new();
        using Ring ring = new(threads: 1);
        void* memory = NativeMemory.AlignedAlloc(4096, 4096);
        for (ulong i = 1; i <= 2; i++)
        {
            IoUringSqe* write = ring.Push(i);
            write->opcode = IoUring.IORING_OP_WRITE;
            write->fd = frozen.Device.Descriptor;
            write->addr = (ulong)memory;
            write->len = 4096;
        }

        IoUringSqe* cancel = ring.Push(11);
        cancel->opcode = IoUring.IORING_OP_ASYNC_CANCEL;
        cancel->addr = 2;
        Assert.Equal([(2ul, -Errno.ECANCELED), (11ul, 0)], ring.Complete(2).OrderBy(static ended => ended.UserData));

        frozen.Thaw();
        Assert.Equal([(1ul, 4096)], ring.Complete(1));
        NativeMemory.AlignedFree(memory);
    }

    [Fact]
    public void PastItsItems_ThereIsNoEntry_UntilCompletionsAreTaken()
    {
        using Ring ring = new();
        int filled = 0;
        for (; ring.Queues.TryNext() is var entry && entry is not null; filled++)
            entry->opcode = IoUring.IORING_OP_NOP;
        Assert.True(filled > ring.Queues.Capacity);
        ring.Complete(filled);
        Assert.True(ring.Queues.TryNext() is not null);
    }

    [Fact]
    public void ThereIsNobodyToRegisterMemoryWith()
    {
        using Ring ring = new();
        WorkerRing worker = new(ring.Queues);
        Assert.Equal((-Errno.EOPNOTSUPP, -Errno.EOPNOTSUPP), (worker.RegisterBufferTable(1), worker.RegisterBuffer(0, null, 0)));
        Assert.False(worker.HasQueued);
    }

    [Fact]
    public void ASleep_EndsAtItsTimeLimit()
    {
        using Ring ring = new();
        WorkerRing worker = new(ring.Queues);
        long before = worker.Now;
        worker.Enter(1, 20_000_000, 0);
        Assert.True(worker.Now - before >= 20_000_000);
    }

    [Fact]
    public void APriorityThatThisThreadMayNotHave_FailsTheEntry()
    {
        // Class 4 does not exist.
        IoUringSqe entry = new() { opcode = IoUring.IORING_OP_READ, ioprio = 4 << 13 };
        Assert.Equal(-Errno.EINVAL, EntryExecution.Run(entry));
    }

    private sealed class Ring : IDisposable
    {
        private readonly WorkerPool _crew;
        private readonly IoUringCqe[] _taken = new IoUringCqe[64];

        public Ring(int threads = 2)
        {
            _crew = new WorkerPool(threads);
            Queues = new WorkerQueues(_crew, capacity: 4);
        }

        public WorkerQueues Queues { get; }

        public IoUringSqe* Push(ulong userData)
        {
            IoUringSqe* entry = Queues.TryNext();
            entry->user_data = userData;
            return entry;
        }

        public (ulong UserData, int Result)[] Complete(int count)
        {
            List<(ulong UserData, int Result)> ended = [];
            while (ended.Count < count)
            {
                Queues.Enter(1, -1);
                foreach (IoUringCqe completion in _taken.AsSpan(0, Queues.Take(_taken)))
                    ended.Add((completion.user_data, completion.res));
            }

            return [.. ended];
        }

        public void Dispose()
        {
            Queues.Dispose();
            _crew.Release();
        }
    }
}
