using System.Globalization;

namespace DmIoUring;

/// <summary>The requests that a Dispose has left pending when its time limit passed.</summary>
/// <param name="Waited">How long it waited.</param>
/// <param name="Requests">
/// The pending requests of the lanes that answer. Until the kernel has released them their memory stays pinned or rented and their devices
/// stay open. Memory that was passed by pointer must stay allocated until then.
/// </param>
/// <param name="BlockedLanes">How many lanes don't answer, because a callback on them has not returned.</param>
public sealed record IoUnfinished(TimeSpan Waited, IReadOnlyList<IoPendingRequest> Requests, int BlockedLanes)
{
    /// <summary>How many callbacks on the thread pool have not returned, those included that no thread was free for (<see cref="DmIoOptions.Callbacks"/>).</summary>
    public int RunningCallbacks { get; init; }

    /// <summary>Human-readable: a line of summary and one for each request.</summary>
    /// <returns>Several lines.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"A DmIoClient was disposed with I/O that did not end within {Waited.TotalSeconds:0.###} s: {Requests.Count} requests under way, {BlockedLanes} lanes held by a callback{(RunningCallbacks == 0 ? "" : FormattableString.Invariant($", {RunningCallbacks} callbacks on the thread pool"))}.") +
        string.Concat(Requests.Select(static request => Environment.NewLine + "  " + request));
}

/// <summary>A pending request, as its lane saw it at one moment.</summary>
/// <param name="Operation">What it does: read, write, flush, discard, write zeroes.</param>
/// <param name="Regions">Those of its regions that have not ended.</param>
/// <param name="IsAbandoned">
/// Whether its caller has its result already: it wrote a private copy (<see cref="IoFlags.StableCopy"/>) and was cancelled, or its time limit
/// passed. Until the kernel releases the copy, the request keeps its pages, its devices and its entries in the ring, and may still be written.
/// </param>
public sealed record IoPendingRequest(string Operation, IReadOnlyList<IoPendingRegion> Regions, bool IsAbandoned = false)
{
    /// <summary>How long its lane has had it, give or take the time of one batch of completions; <see langword="null"/> on a reactor, which keeps no time.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Human-readable: the operation and each region.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Operation}{(IsAbandoned ? " (abandoned)" : "")}: {string.Join("; ", Regions)}";
}

/// <summary>The part of a region that has not ended.</summary>
/// <param name="Region">Its index in the request.</param>
/// <param name="Path">Its device.</param>
/// <param name="Sector">The first sector that has not ended.</param>
/// <param name="SectorsInKernel">
/// Sectors that are in the kernel or wait for a retry; 0 while only a flush is in the kernel.
/// </param>
/// <param name="SectorsWaiting">Sectors that were not submitted to the kernel yet.</param>
public sealed record IoPendingRegion(int Region, string Path, long Sector, long SectorsInKernel, long SectorsWaiting)
{
    /// <summary>The device, where several may be open with one path; null in a region that the library did not make.</summary>
    internal BlockDevice? Device { get; init; }

    /// <summary>Whether the two are the same part of a region, of a device with the same path.</summary>
    /// <param name="other">The other.</param>
    /// <returns>Whether all public properties are equal.</returns>
    public bool Equals(IoPendingRegion? other) =>
        other is not null
        && Region == other.Region
        && string.Equals(Path, other.Path, StringComparison.Ordinal)
        && Sector == other.Sector
        && SectorsInKernel == other.SectorsInKernel
        && SectorsWaiting == other.SectorsWaiting;

    /// <summary>A hash code that goes with <see cref="Equals(IoPendingRegion?)"/>.</summary>
    /// <returns>The hash code.</returns>
    public override int GetHashCode() => HashCode.Combine(Region, Path, Sector, SectorsInKernel, SectorsWaiting);

    /// <summary>A human-readable description.</summary>
    /// <returns>A part of a line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"region {Region} on {Path} from sector {Sector}, {SectorsInKernel} sectors in the kernel, {SectorsWaiting} waiting");
}
