using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// An entry on its way to a <see cref="WorkerPool"/>: its owner fills it, the crew queues it, a worker carries it out, and
/// the owner takes its result.
/// </summary>
internal sealed unsafe class WorkItem(IWorkItemOwner owner, IoUringSqe* entry) : IDisposable
{
    /// <summary>BIO_MAX_VECS, as many as the engine puts into an entry.</summary>
    private const int MaxVectors = 256;

    private Iovec* _vectors;

    public IWorkItemOwner Owner => owner;

    public IoUringSqe* Entry => entry;

    public int Result { get; set; }

    public WorkItemState State { get; set; }

    /// <summary>Links it into one list at a time: its ring's free or filled ones, the crew's queue, its ring's completed ones.</summary>
    public WorkItem? Next { get; set; }

    /// <summary>The other link of the crew's queue, which a cancelled item leaves from the middle.</summary>
    public WorkItem? Previous { get; set; }

    /// <summary>Copies the entry's vectors, which are its owner's again once it is published; the kernel does the same (IORING_FEAT_SUBMIT_STABLE).</summary>
    public void CopyVectors()
    {
        if (entry->opcode is not (IoUring.IORING_OP_READV or IoUring.IORING_OP_WRITEV))
            return;
        if (_vectors is null)
            _vectors = (Iovec*)NativeMemory.Alloc(MaxVectors, (nuint)sizeof(Iovec));
        new ReadOnlySpan<Iovec>((void*)entry->addr, (int)entry->len).CopyTo(new Span<Iovec>(_vectors, MaxVectors));
        entry->addr = (ulong)_vectors;
    }

    public void Dispose()
    {
        NativeMemory.Free(_vectors);
        _vectors = null;
    }
}

/// <summary>How far a <see cref="WorkItem"/> is; the crew's lock guards the way from queued to running.</summary>
internal enum WorkItemState : byte
{
    /// <summary>Its owner's.</summary>
    Free,

    /// <summary>In the crew's queue; can be cancelled.</summary>
    Queued,

    /// <summary>In a system call; nothing gets it back from there.</summary>
    Running,
}

/// <summary>Where the items of a <see cref="WorkerPool"/> come from, and go back to.</summary>
internal interface IWorkItemOwner
{
    /// <summary>Takes an item back that was carried out. A worker's thread.</summary>
    void Complete(WorkItem item);
}
