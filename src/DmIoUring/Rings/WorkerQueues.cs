using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// The entries and completions of a <see cref="WorkerRing"/>. Must be used on the owning thread; who executes them only calls <see cref="Complete"/>.
/// </summary>
internal sealed unsafe class WorkerQueues : IWorkItemOwner, IDisposable
{
    /// <summary>Items beyond the entries in flight, for cancels and the poll of the lane's eventfd.</summary>
    private const int ExtraItems = 8;

    private readonly EntryExecutor _executor;
    private readonly WorkItem[] _items;
    private readonly IoUringSqe* _entries;
    private readonly WakeEvent _completed = new();
    private WorkItem? _free;
    private WorkItem? _filledFirst;
    private WorkItem? _filledLast;

    /// <summary>The completed items, newest first. Whoever completes items and the owner exchange it.</summary>
    private WorkItem? _newest;

    /// <summary>The completed items that the owner has taken over, oldest first.</summary>
    private WorkItem? _oldest;

    /// <summary>1 while the owner sleeps, or is about to, and was not woken yet.</summary>
    private int _asleep;
    private int _wakeDescriptor = -1;
    private bool _disposed;

    public WorkerQueues(EntryExecutor executor, int capacity)
    {
        _executor = executor;
        Capacity = capacity;
        _items = new WorkItem[capacity + ExtraItems];
        _entries = (IoUringSqe*)NativeMemory.AllocZeroed((nuint)_items.Length, (nuint)sizeof(IoUringSqe));
        for (int i = _items.Length - 1; i >= 0; i--)
        {
            _items[i] = new WorkItem(this, &_entries[i]);
            Free(_items[i]);
        }

        executor.AddReference();
    }

    public int Capacity { get; }

    /// <summary>How many items are executed at once.</summary>
    public int AtOnce => Math.Min(Capacity, _executor.AtOnce);

    public int Room { get; private set; }

    public long EnterCount { get; private set; }

    public bool HasFilled => _filledFirst is not null;

    public bool HasCompletions => _oldest is not null || Volatile.Read(ref _newest) is not null;

    public IoUringSqe* TryNext()
    {
        WorkItem? item = _free;
        if (item is null)
            return null;
        _free = item.Next;
        Room--;
        item.Next = null;
        if (_filledLast is null)
            _filledFirst = item;
        else
            _filledLast.Next = item;
        _filledLast = item;
        *item.Entry = default;
        return item.Entry;
    }

    /// <summary>Executes an entry at once.</summary>
    public int Execute(in IoUringSqe entry) => _executor.Execute(entry);

    public void Enter(uint minComplete, long timeout)
    {
        Publish();
        if (minComplete > 0 && !HasCompletions)
            Sleep(timeout);
    }

    public int Take(Span<IoUringCqe> into)
    {
        int count = 0;
        while (count < into.Length && TakeOldest() is { } item)
        {
            into[count++] = new IoUringCqe { user_data = item.Entry->user_data, res = item.Result };
            Free(item);
        }

        return count;
    }

    /// <summary>Completes an item. Called by whoever has executed it, or by the owner for an entry that needs no worker.</summary>
    public void Complete(WorkItem item)
    {
        WorkItem? newest;
        do
        {
            newest = Volatile.Read(ref _newest);
            item.State = WorkItemState.Free;
            item.Next = newest;
        }
        while (Interlocked.CompareExchange(ref _newest, item, newest) != newest);

        // Complete before reading _asleep: the owner sets _asleep before it looks for completed items, so one of the two sees the other.
        if (Interlocked.Exchange(ref _asleep, 0) == 1)
            _completed.Signal();
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (WorkItem item in _items)
            item.Dispose();
        _completed.Dispose();
        NativeMemory.Free(_entries);
        _executor.Release();
    }

    private void Publish()
    {
        if (_filledFirst is null)
            return;
        try
        {
            while (_filledFirst is { } item)
            {
                // It leaves the list before it is handed on: whatever is thrown there, it is not handed on twice.
                _filledFirst = item.Next;
                item.Next = null;
                Publish(item);
            }
        }
        finally
        {
            if (_filledFirst is null)
                _filledLast = null;
            _executor.Submitted();
        }
    }

    private void Publish(WorkItem item)
    {
        switch (item.Entry->opcode)
        {
            // It never completes: it only has to end the sleep.
            case IoUring.IORING_OP_POLL_ADD:
                _wakeDescriptor = item.Entry->fd;
                break;

            case IoUring.IORING_OP_ASYNC_CANCEL:
                item.Result = Cancel(item.Entry->addr);
                Complete(item);
                break;

            case IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV when !item.TryCopyVectors():
                item.Result = -Errno.ENOMEM;
                Complete(item);
                break;

            default:
                _executor.Submit(item);
                break;
        }
    }

    /// <summary>Answers like io_uring: 0 for a cancelled entry, EALREADY for a running one, ENOENT for an unknown one.</summary>
    private int Cancel(ulong userData)
    {
        foreach (WorkItem item in _items)
        {
            if (item.Entry->user_data != userData || item.State == WorkItemState.Free)
                continue;
            if (!_executor.TryTakeBack(item))
                return -Errno.EALREADY;
            item.Result = -Errno.ECANCELED;
            Complete(item);
            return 0;
        }

        return -Errno.ENOENT;
    }

    private void Sleep(long timeout)
    {
        Interlocked.Exchange(ref _asleep, 1);
        if (!HasCompletions)
        {
            EnterCount++;
            Pollfd* descriptors = stackalloc Pollfd[2];
            descriptors[0] = new Pollfd { fd = _completed.Descriptor, events = FileAbi.POLLIN };
            descriptors[1] = new Pollfd { fd = _wakeDescriptor, events = FileAbi.POLLIN };
            KernelTimespec limit = new() { tv_sec = timeout / 1_000_000_000, tv_nsec = timeout % 1_000_000_000 };
            _ = Libc.Ppoll(descriptors, 2, timeout < 0 ? null : &limit);
            for (int i = 0; i < 2; i++)
            {
                if ((descriptors[i].revents & FileAbi.POLLIN) != 0)
                    WakeEvent.Drain(descriptors[i].fd);
            }
        }

        Interlocked.Exchange(ref _asleep, 0);
    }

    private WorkItem? TakeOldest()
    {
        if (_oldest is null && Volatile.Read(ref _newest) is not null)
        {
            for (WorkItem? next, item = Interlocked.Exchange(ref _newest, null); item is not null; item = next)
            {
                next = item.Next;
                item.Next = _oldest;
                _oldest = item;
            }
        }

        WorkItem? oldest = _oldest;
        _oldest = oldest?.Next;
        return oldest;
    }

    private void Free(WorkItem item)
    {
        item.Next = _free;
        _free = item;
        Room++;
    }
}
