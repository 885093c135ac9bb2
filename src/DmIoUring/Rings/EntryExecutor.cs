using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// Executes the entries of <see cref="WorkerRing"/>s: by the threads of a <see cref="WorkerPool"/>, or by something that stands in for the kernel.
/// Any thread, except where noted.
/// </summary>
internal abstract class EntryExecutor
{
    /// <summary>How many items it executes at once.</summary>
    public abstract int AtOnce { get; }

    /// <summary>Adds a user, until it calls <see cref="Release"/>.</summary>
    public abstract void AddReference();

    /// <summary>Removes a user. All of its items must have ended.</summary>
    public abstract void Release();

    /// <summary>Takes an item, which gets to its owner's <see cref="IWorkItemOwner.Complete"/> once, on any thread.</summary>
    public abstract void Submit(WorkItem item);

    /// <summary>Whoever called <see cref="Submit"/> has no more items for now. Called on the same thread.</summary>
    public virtual void Submitted()
    {
    }

    /// <summary>Takes an item back, unless its execution has begun.</summary>
    public abstract bool TryTakeBack(WorkItem item);

    /// <summary>Executes an entry at once, on the calling thread.</summary>
    /// <returns>The result of its completion.</returns>
    public abstract int Execute(in IoUringSqe entry);
}
