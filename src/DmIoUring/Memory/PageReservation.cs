using DmIoUring.Memory;

namespace DmIoUring;

/// <summary>
/// A reservation of pages in a client's pool and of requests: there are at least this many until it is disposed. dm-io's <c>dm_io_get</c> and
/// <c>dm_io_put</c>.
/// </summary>
/// <remarks>
/// <para>The pages belong to the pool: every renter may use them. Reservations add up.</para>
/// <para>Any thread may dispose it, any number of times. Rented pages beyond the remaining reserve stay valid; the
/// pool shrinks when they are returned. Renters that wait for more than the remaining reserve get an exception. If it is not disposed, it
/// lasts as long as the client.</para>
/// </remarks>
public sealed class PageReservation : IDisposable
{
    private readonly IReserveParticipant? _participant;
    private PagePool? _pool;

    internal PageReservation(PagePool pool, IReserveParticipant? participant, long pages, int requests)
    {
        _pool = pool;
        _participant = participant;
        Pages = pages;
        Requests = requests;
    }

    /// <summary>How many pages of <see cref="PageList.PageSize"/> bytes.</summary>
    public long Pages { get; }

    /// <summary>The pages in bytes.</summary>
    public long Length => Pages * PageList.PageSize;

    /// <summary>How many asynchronous requests, which can be in flight at once.</summary>
    public int Requests { get; }

    /// <summary>Ends the reservation; never throws. Memory that neither a rented page nor another reservation needs is unmapped.</summary>
    public void Dispose() => Interlocked.Exchange(ref _pool, null)?.Unreserve(Pages, Requests, _participant);
}
