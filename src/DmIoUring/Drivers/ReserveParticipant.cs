using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Drivers;

/// <summary>
/// Reserves requests together with pages. Knows the client's parts and not the client, which the pool, and with it the lanes' threads,
/// would keep alive for ever.
/// </summary>
/// <param name="requests">The client's requests.</param>
/// <param name="lanes">Its lanes, once they are there.</param>
/// <param name="chunks">How many chunks its rings have under way at once.</param>
internal sealed class ReserveParticipant(RequestPool requests, Lane?[] lanes, int chunks) : IReserveParticipant
{
    /// <summary>With fewer pages than this there is a request for each: that costs a tenth of what the pages do.</summary>
    private const int EachHasOne = 4096;

    /// <summary>One for each page, but not many more than can be under way: as many again wait for their turn.</summary>
    public int DefaultRequests(long pages) =>
        (int)Math.Min(Math.Min(pages, Math.Max(EachHasOne, 2L * chunks)), requests.Left);

    public void Prepare(int number) => requests.Prepare(number);

    public void Commit(int number) => requests.Commit(number);

    public void RollBack(int number) => requests.RollBack(number);

    public void Unreserve(int number) => requests.Unreserve(number);

    public void MemoryReleased()
    {
        foreach (Lane? lane in lanes)
            lane?.Wake();
    }
}
