using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>
/// Carries out entries by system calls: discards, for kernels whose io_uring has none for block devices (before 6.12), and what the kernel
/// finds no worker thread for. On threads of the engine's own, started when first needed; on the owner's where nobody could tell it of
/// the end, or the host gives no thread.
/// </summary>
internal sealed unsafe class SystemCallExecutor : IWorkItemOwner, IDisposable
{
    /// <summary>One that is stuck leaves another.</summary>
    private const int Threads = 2;

    private readonly ConcurrentQueue<(int Chunk, int Result)> _results = new();
    private readonly ConcurrentBag<WorkItem> _free = [];
    private WorkerPool? _workers;

    /// <summary>Tells the engine's owner that there is a result; null for an owner that waits anyway.</summary>
    public Action? WakeOwner { get; set; }

    public bool HasResults => !_results.IsEmpty;

    /// <summary>Starts an entry; its vectors are copied. The request keeps device and memory until the result was taken. The owner.</summary>
    public void Start(int chunk, IoUringSqe entry)
    {
        if (WakeOwner is null || !HasWorkers())
        {
            // The thread is somebody else's, and keeps its priority.
            entry.ioprio = 0;
            _results.Enqueue((chunk, EntryExecution.Run(entry)));
            return;
        }

        if (!_free.TryTake(out WorkItem? item))
            item = new WorkItem(this, (IoUringSqe*)NativeMemory.Alloc((nuint)sizeof(IoUringSqe)));
        *item.Entry = entry;
        item.Entry->user_data = (ulong)chunk;
        item.CopyVectors();
        _workers!.Submit(item);
    }

    public bool TryTake(out int chunk, out int result)
    {
        bool any = _results.TryDequeue(out (int Chunk, int Result) ended);
        (chunk, result) = ended;
        return any;
    }

    public void Complete(WorkItem item)
    {
        _results.Enqueue(((int)item.Entry->user_data, item.Result));
        _free.Add(item);
        WakeOwner!();
    }

    /// <summary>When nothing is under way.</summary>
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
            // Thread.Start's, where the host has no thread to give.
            return false;
        }
    }
}
