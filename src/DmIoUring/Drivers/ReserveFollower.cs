using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Drivers;

/// <summary>
/// Makes as many requests as there are reserved pages. Knows the client's parts and not the client, which the pool, and with it
/// the lanes' threads, would keep alive for ever.
/// </summary>
internal sealed class ReserveFollower(RequestPool requests, Lane?[] lanes)
{
    private readonly Lock _lock = new();

    public PagePool Pages { get; set; } = null!;

    /// <summary>After the reserve has changed. Looked up under the lock, so that the last change counts.</summary>
    public void Follow()
    {
        lock (_lock)
            requests.Reserve(Pages.Counters.Reserved);

        // An idle ring would keep memory that went back to the system pinned.
        foreach (Lane? lane in lanes)
            lane?.Nudge();
    }
}
