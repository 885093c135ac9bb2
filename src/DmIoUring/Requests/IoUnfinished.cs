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
    /// <summary>Human-readable: a line of summary and one for each request.</summary>
    /// <returns>Several lines.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"A DmIoClient was disposed with I/O that did not end within {Waited.TotalSeconds:0.###} s: {Requests.Count} requests under way, {BlockedLanes} lanes held by a callback.") +
        string.Concat(Requests.Select(static request => Environment.NewLine + "  " + request));
}
