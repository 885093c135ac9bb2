using DmIoUring.Memory;

namespace DmIoUring;

/// <summary>
/// A share of a client's page pool and of its requests: there are at least this many until it is disposed. dm-io's <c>dm_io_get</c> and
/// <c>dm_io_put</c>.
/// </summary>
/// <remarks>
/// <para>The pages are the pool's and not the holder's: anybody may rent them. Reservations add up.</para>
/// <para>Any thread may dispose it, and twice does no harm. Pages that are rented beyond what is then still reserved stay valid; the
/// pool shrinks when they come back. Renters who wait for more than is then reserved get an exception. Forgotten, it
/// lasts as long as the client.</para>
/// </remarks>
public sealed class PageReservation : IDisposable
{
    private PagePool? _pool;

    internal PageReservation(PagePool pool, long pages, int requests)
    {
        _pool = pool;
        Pages = pages;
        Requests = requests;
    }

    /// <summary>How many pages of <see cref="PageList.PageSize"/> bytes.</summary>
    public long Pages { get; }

    /// <summary>The pages in bytes.</summary>
    public long Length => Pages * PageList.PageSize;

    /// <summary>How many asynchronous requests that can be under way at once.</summary>
    public int Requests { get; }

    /// <summary>Gives pages and requests back; never throws. The memory goes back to the system as far as no rented page and no other reservation needs it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _pool, null)?.Unreserve(Pages, Requests);
}
