namespace DmIoUring;

/// <summary>
/// The first failure of every region of a request, where <see cref="IoResult"/> has only the lowest. It belongs to the
/// caller: pass it with a request, read it when the request has ended, reuse it for the next.
/// </summary>
public sealed class IoReport
{
    private readonly IoFailure[] _failures = new IoFailure[IoRegion.MaxRegions];

    /// <summary>A region's failure at its lowest sector.</summary>
    /// <param name="region">The region's index, 0 to 63.</param>
    /// <returns>The failure; with errno 0 and cause None when the region succeeded.</returns>
    public IoFailure this[int region] => _failures[region];

    internal void Clear() => Array.Clear(_failures);

    internal void Add(in IoFailure failure)
    {
        ref IoFailure known = ref _failures[failure.Region];
        if (known.Cause == IoFailureCause.None || failure.Sector < known.Sector)
            known = failure;
    }
}
