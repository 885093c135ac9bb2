namespace DmIoUring;

/// <summary>A request under way, as its lane saw it at one moment.</summary>
/// <param name="Operation">What it does: read, write, flush, discard, write zeroes.</param>
/// <param name="Regions">Those of its regions that have not ended.</param>
public sealed record IoPendingRequest(string Operation, IReadOnlyList<IoPendingRegion> Regions)
{
    /// <summary>For a person: the operation and each region.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Operation}: {string.Join("; ", Regions)}";
}
