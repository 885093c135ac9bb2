using System.Globalization;

namespace DmIoUring;

/// <summary>What a Dispose that gave up waiting leaves behind.</summary>
/// <param name="Waited">How long it waited.</param>
/// <param name="Requests">
/// What is still under way on the lanes that answer. Its memory and its devices stay as they are until the kernel lets go:
/// pinned, rented, open. Memory given by pointer must stay allocated as long.
/// </param>
/// <param name="BlockedLanes">Lanes that don't answer, because a callback on them has not returned.</param>
public sealed record IoUnfinished(TimeSpan Waited, IReadOnlyList<IoPendingRequest> Requests, int BlockedLanes)
{
    /// <summary>For a person: a line of summary and one for each request.</summary>
    /// <returns>Several lines.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"A DmIoClient was disposed with I/O that did not end within {Waited.TotalSeconds:0.###} s: {Requests.Count} requests under way, {BlockedLanes} lanes held by a callback.") +
        string.Concat(Requests.Select(static request => Environment.NewLine + "  " + request));
}
