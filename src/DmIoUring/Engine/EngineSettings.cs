using DmIoUring.Memory;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>How an engine works, whichever ring it runs on.</summary>
internal sealed record EngineSettings
{
    /// <summary>The largest chunk, in bytes.</summary>
    public required int ChunkBytes { get; init; }

    /// <summary>Nanoseconds that a request may take; 0 for no limit.</summary>
    public long TimeLimit { get; init; }

    /// <summary>The pool whose pages the ring is to know; null for none.</summary>
    public PagePool? Pool { get; init; }

    /// <summary>Whether devices stay open from one request to the next; the owner turns when one is disposed.</summary>
    public bool HoldsDevices { get; init; }

    /// <summary>Whether the ring is to know the devices that are held.</summary>
    public bool RegistersFiles { get; init; }

    /// <summary>What is wanted of the ring.</summary>
    public RingPlan Ring { get; init; }

    /// <summary>Where the requests of callbacks go; null when each goes back to its pool.</summary>
    public RequestFreeList? FreeRequests { get; init; }
}
