using DmIoUring.Memory;

namespace DmIoUring;

/// <summary>A share of a client's page pool: the pool has at least this many pages until it is disposed. dm-io's <c>dm_io_get</c> and <c>dm_io_put</c>.</summary>
/// <remarks>
/// <para>The pages are the pool's and not the holder's: anybody may rent them. Reservations add up.</para>
/// <para>Any thread may dispose it, and twice does no harm. Pages that are rented beyond what is then still reserved stay valid; the
/// pool shrinks when they come back. Renters who wait for more than is then reserved get an exception. Forgotten, it
/// lasts as long as the client.</para>
/// </remarks>
public sealed class PageReservation : IDisposable
{
    private PagePool? _pool;

    internal PageReservation(PagePool pool, long pages)
    {
        _pool = pool;
        Pages = pages;
    }

    /// <summary>How many pages of <see cref="PageList.PageSize"/> bytes.</summary>
    public long Pages { get; }

    /// <summary>The same in bytes.</summary>
    public long Length => Pages * PageList.PageSize;

    /// <summary>Gives the pages back. The memory goes back to the system as far as no rented page and no other reservation needs it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _pool, null)?.Unreserve(Pages);
}
