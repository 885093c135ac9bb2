namespace DmIoUring;

/// <summary>A pending request, as its lane saw it at one moment.</summary>
/// <param name="Operation">What it does: read, write, flush, discard, write zeroes.</param>
/// <param name="Regions">Those of its regions that have not ended.</param>
/// <param name="IsAbandoned">
/// Whether its caller has its result already: it wrote a private copy (<see cref="IoFlags.StableCopy"/>) and was cancelled, or its time limit
/// passed. Until the kernel releases the copy, the request keeps its pages, its devices and its entries in the ring, and may still be written.
/// </param>
public sealed record IoPendingRequest(string Operation, IReadOnlyList<IoPendingRegion> Regions, bool IsAbandoned = false)
{
    /// <summary>Human-readable: the operation and each region.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Operation}{(IsAbandoned ? " (abandoned)" : "")}: {string.Join("; ", Regions)}";
}
