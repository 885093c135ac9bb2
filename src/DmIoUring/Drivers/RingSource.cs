using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Drivers;

/// <summary>Where a client's rings come from, whichever kind they are.</summary>
internal abstract class RingSource : IDisposable
{
    /// <summary>What the rings can do; complete once the first was made.</summary>
    public abstract IoCapabilities Capabilities { get; }

    /// <summary>Starts a lane.</summary>
    /// <exception cref="IoUringUnavailableException">The host has no such ring, or none more.</exception>
    public abstract Lane StartLane(DmIoOptions options, PagePool pages, string name);

    /// <summary>Makes the calling thread a ring of its own.</summary>
    /// <exception cref="IoUringUnavailableException">The host has none more.</exception>
    public abstract SyncRing MakeSyncRing(DmIoOptions options, CallbackReporter reporter);

    /// <summary>No more rings are made; those that were made go on.</summary>
    public abstract void Dispose();
}
