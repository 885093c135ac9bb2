using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// An entry that an <see cref="EntryExecutor"/> executes: its owner fills it, the executor queues and executes it, and the owner takes its result.
/// </summary>
internal sealed unsafe class WorkItem(IWorkItemOwner owner, IoUringSqe* entry) : IDisposable
{
    /// <summary>BIO_MAX_VECS, the most vectors that the engine puts into an entry.</summary>
    private const int MaxVectors = 256;

    private Iovec* _vectors;

    public IWorkItemOwner Owner => owner;

    public IoUringSqe* Entry => entry;

    public int Result { get; set; }

    public WorkItemState State { get; set; }

    /// <summary>The link of the one list that it is in: its ring's free or filled items, the pool's queue, its ring's completed items.</summary>
    public WorkItem? Next { get; set; }

    /// <summary>The back link of the pool's queue, from which a cancelled item is removed.</summary>
    public WorkItem? Previous { get; set; }

    /// <summary>Copies the entry's vectors, because the engine reuses them once the entry is submitted; the kernel does the same (IORING_FEAT_SUBMIT_STABLE).</summary>
    public void CopyVectors()
    {
        if (entry->opcode is not (IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV))
            return;
        if (_vectors is null)
            _vectors = (Iovec*)NativeMemory.Alloc(MaxVectors, (nuint)sizeof(Iovec));
        new ReadOnlySpan<Iovec>((void*)entry->addr, (int)entry->len).CopyTo(new Span<Iovec>(_vectors, MaxVectors));
        entry->addr = (ulong)_vectors;
    }

    /// <summary>As <see cref="CopyVectors"/>.</summary>
    /// <returns>False when the host has no memory for them.</returns>
    public bool TryCopyVectors()
    {
        try
        {
            CopyVectors();
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_vectors);
        _vectors = null;
    }
}

/// <summary>The state of a <see cref="WorkItem"/>; the executor's lock guards the step from queued to running.</summary>
internal enum WorkItemState : byte
{
    /// <summary>It belongs to its owner.</summary>
    Free,

    /// <summary>In the executor's queue; can be cancelled.</summary>
    Queued,

    /// <summary>In execution; can't be cancelled.</summary>
    Running,
}

/// <summary>Submits items to an <see cref="EntryExecutor"/> and gets them back.</summary>
internal interface IWorkItemOwner
{
    /// <summary>Takes back an item that was executed. Called on any thread.</summary>
    void Complete(WorkItem item);
}
