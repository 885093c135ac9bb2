using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Drivers;

/// <summary>
/// Reserves requests together with pages. It references the client's parts and not the client, which would otherwise be reachable from its own lanes'
/// threads for ever.
/// </summary>
/// <param name="requests">The client's requests.</param>
/// <param name="lanes">The client's lanes; filled later.</param>
/// <param name="chunks">How many chunks its rings have in flight at once.</param>
internal sealed class ReserveParticipant(RequestPool requests, Lane?[] lanes, int chunks) : IReserveParticipant
{
    /// <summary>Up to so many pages there is a request for each: that needs a tenth of the pages' memory.</summary>
    private const int MaxOneToOne = 4096;

    /// <summary>One for each page, but at most twice what can be in flight.</summary>
    public int DefaultRequests(long pages) =>
        (int)Math.Min(Math.Min(pages, Math.Max(MaxOneToOne, 2L * chunks)), requests.Left);

    public void Prepare(int number) => requests.Prepare(number);

    public void Commit(int number) => requests.Commit(number);

    public void RollBack(int number) => requests.RollBack(number);

    public void Unreserve(int number) => requests.Unreserve(number);

    public void WakeRings()
    {
        foreach (Lane? lane in lanes)
            lane?.Wake();
    }
}
