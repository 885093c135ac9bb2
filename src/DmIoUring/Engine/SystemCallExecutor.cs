using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>
/// Executes entries by system calls: discards, for kernels whose io_uring has none for block devices (before 6.12), and entries for which the kernel
/// can't start a worker thread. On threads of the engine's own, started when first needed; on the owning thread where the owner can't be woken, or
/// the host gives no thread.
/// </summary>
/// <param name="given">
/// What executes them instead, for devices that the kernel does not have: no user of it is added. It may take any time, so the owning thread never waits for it; one that can't be
/// woken must look for results (<see cref="MustBePolled"/>). Null for system calls.
/// </param>
internal sealed unsafe class SystemCallExecutor(EntryExecutor? given = null) : IWorkItemOwner, IDisposable
{
    /// <summary>Two, so that one stuck call does not block the others.</summary>
    private const int Threads = 2;

    private readonly ConcurrentQueue<(int Chunk, int Result)> _results = new();
    private readonly ConcurrentBag<WorkItem> _free = [];
    private WorkerPool? _workers;
    private int _underWay;

    /// <summary>Wakes the engine's owner when there is a result; null for an owner that can't be woken.</summary>
    public Action? WakeOwner { get; set; }

    public bool HasResults => !_results.IsEmpty;

    /// <summary>Whether results may come while the owner sleeps, without anything that wakes it. Must be called on the owning thread.</summary>
    public bool MustBePolled => _underWay > 0 && WakeOwner is null;

    /// <summary>Starts an entry; its vectors are copied. The request must keep device and memory until the result was taken. Must be called on the owning thread.</summary>
    public void Start(int chunk, IoUringSqe entry)
    {
        if (given is null && (WakeOwner is null || !HasWorkers()))
        {
            // The caller's thread must keep its own I/O priority.
            entry.ioprio = 0;
            _results.Enqueue((chunk, EntryExecution.Run(entry)));
            _underWay++;
            return;
        }

        if (!_free.TryTake(out WorkItem? item))
            item = new WorkItem(this, (IoUringSqe*)NativeMemory.Alloc((nuint)sizeof(IoUringSqe)));
        *item.Entry = entry;
        item.Entry->user_data = (ulong)chunk;
        item.CopyVectors();
        _underWay++;
        EntryExecutor executor = given ?? _workers!;
        executor.Submit(item);
        executor.Submitted();
    }

    public bool TryTake(out int chunk, out int result)
    {
        bool any = _results.TryDequeue(out (int Chunk, int Result) ended);
        if (any)
            _underWay--;
        (chunk, result) = ended;
        return any;
    }

    public void Complete(WorkItem item)
    {
        _results.Enqueue(((int)item.Entry->user_data, item.Result));
        _free.Add(item);
        WakeOwner?.Invoke();
    }

    /// <summary>Ends the threads. No entry may be in flight.</summary>
    public void Dispose()
    {
        _workers?.Release();
        _workers = null;
        while (_free.TryTake(out WorkItem? item))
        {
            item.Dispose();
            NativeMemory.Free(item.Entry);
        }
    }

    private bool HasWorkers()
    {
        try
        {
            _workers ??= new WorkerPool(Threads);
            return true;
        }
        catch (OutOfMemoryException)
        {
            // Thread.Start throws it when the host gives no thread.
            return false;
        }
    }
}
