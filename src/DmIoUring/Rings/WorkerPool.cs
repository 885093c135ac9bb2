using DmIoUring.Interop;
using DmIoUring.Threading;

namespace DmIoUring.Rings;

/// <summary>
/// A few threads that execute the entries of a client's <see cref="WorkerRing"/>s, in order of arrival, by blocking system calls. They end with the
/// last ring.
/// </summary>
/// <remarks>
/// One lock guards the queue and is held for a few instructions. A thread of the embedding program may take it in the middle of a request, so a
/// <see cref="Thread.Interrupt"/> does not end the wait for it.
/// </remarks>
internal sealed unsafe class WorkerPool : EntryExecutor
{
    /// <summary>The system calls' frames are small.</summary>
    private const int StackBytes = 256 << 10;

    private readonly UninterruptedMonitor _gate = new();
    private WorkItem? _first;
    private WorkItem? _last;
    private int _idle;
    private int _users = 1;

    /// <summary>Starts the threads. The caller has one reference; it must <see cref="Release"/> it.</summary>
    public WorkerPool(int threads)
    {
        AtOnce = threads;
        try
        {
            for (int i = 0; i < threads; i++)
            {
                string name = FormattableString.Invariant($"dmio worker {i}");
                new Thread(Run, StackBytes) { IsBackground = true, Name = name }.Start();
            }
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>How many threads there are.</summary>
    public override int AtOnce { get; }

    /// <summary>Adds a reference, which keeps the threads alive.</summary>
    public override void AddReference() => Interlocked.Increment(ref _users);

    /// <summary>Removes a reference; the last one ends the threads. All entries of its user must have ended.</summary>
    public override void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0)
            return;
        using (_gate.Enter())
            _gate.WakeAll();
    }

    /// <summary>Queues an item.</summary>
    public override void Submit(WorkItem item)
    {
        using (_gate.Enter())
        {
            Append(item);
            if (_idle == 0)
                return;
            _idle--;
            _gate.Wake();
        }
    }

    /// <summary>Takes an item back, unless a worker has it already.</summary>
    public override bool TryTakeBack(WorkItem item)
    {
        using (_gate.Enter())
        {
            bool queued = item.State == WorkItemState.Queued;
            if (queued)
                Remove(item);
            return queued;
        }
    }

    public override int Execute(in IoUringSqe entry) => EntryExecution.Run(entry);

    private void Run()
    {
        while (TryTake() is { } item)
        {
            item.Result = EntryExecution.Run(*item.Entry);
            item.Owner.Complete(item);
        }
    }

    /// <summary>Waits for the next item; null when there will be none.</summary>
    private WorkItem? TryTake()
    {
        using (_gate.Enter())
        {
            while (_first is null)
            {
                if (Volatile.Read(ref _users) == 0)
                    return null;

                // Submit decrements it, so that each item wakes one thread.
                _idle++;
                _gate.Wait();
            }

            WorkItem item = _first;
            Remove(item);
            item.State = WorkItemState.Running;
            return item;
        }
    }

    private void Append(WorkItem item)
    {
        item.State = WorkItemState.Queued;
        item.Next = null;
        item.Previous = _last;
        if (_last is null)
            _first = item;
        else
            _last.Next = item;
        _last = item;
    }

    private void Remove(WorkItem item)
    {
        if (item.Previous is null)
            _first = item.Next;
        else
            item.Previous.Next = item.Next;
        if (item.Next is null)
            _last = item.Previous;
        else
            item.Next.Previous = item.Previous;
        item.Next = null;
        item.Previous = null;
        item.State = WorkItemState.Free;
    }
}
