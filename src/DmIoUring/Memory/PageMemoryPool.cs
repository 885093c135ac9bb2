using System.Buffers;
using System.Runtime.CompilerServices;
using DmIoUring.Memory;
using DmIoUring.Threading;

namespace DmIoUring;

/// <summary>
/// A client's page pool: memory that is present, locked and on huge pages where the host allows, and known to the client's
/// rings, so that I/O on it spares the kernel the work of finding and pinning pages.
/// </summary>
/// <remarks>
/// <para>Two ways to have its pages: lists of pages (<see cref="RentPages"/>), which need not be adjacent, and
/// <see cref="Memory{T}"/> in one piece (<see cref="Rent"/>), for code that knows <see cref="MemoryPool{T}"/>.
/// Both take from what was reserved (<see cref="Reserve"/>) and wait in one queue in order of arrival: nobody
/// overtakes, not even one who asks for less. Within the reserve nothing waits, and nothing is allocated once as many
/// have been out before.</para>
/// <para>Every member may be called from any thread. Those that wait must not be called from a callback, whose lane could be the one
/// that the pages come back through; the Try variants may.</para>
/// <para>It lasts as long as its client; disposing it does nothing. When the client is disposed, memory that is not rented goes
/// back to the system at once and the rest with the last of its pages.</para>
/// </remarks>
public sealed class PageMemoryPool : MemoryPool<byte>
{
    private readonly PagePool _pool;
    private readonly UninterruptedLock _lock = new();
    private PageMemoryOwner? _freeOwner;

    internal PageMemoryPool(PagePool pool, object? owner = null)
    {
        _pool = pool;
        Owner = owner;
    }

    /// <summary>Keeps the client alive while its pool is in use: the client's finalizer would end the pool.</summary>
    internal object? Owner { get; }

    /// <summary>
    /// The largest <see cref="Rent"/> at present, in bytes: the largest piece of adjacent pages, at most 1 GiB. It is the
    /// size of the largest reservation, or more; it changes when reservations come and go.
    /// </summary>
    public override int MaxBufferSize => _pool.LongestRun * PageList.PageSize;

    /// <summary>Pages that are reserved in all.</summary>
    public long ReservedPages => _pool.Counters.Reserved;

    /// <summary>Pages that can be rented without waiting, unless renters wait already.</summary>
    public long FreePages => _pool.Counters.Free;

    /// <summary>Pages that are rented. More than are reserved when a reservation was given back under them.</summary>
    public long RentedPages => _pool.Counters.Rented;

    /// <summary>Renters that wait.</summary>
    public int Waiting => _pool.Counters.Waiting;

    /// <summary>
    /// What the host gave to this memory and what it refused, with the values: <c>MAP_HUGETLB</c>, <c>MADV_HUGEPAGE</c>, <c>mlock</c>.
    /// Empty while nothing is reserved. Asks the kernel; not for a hot path.
    /// </summary>
    public IReadOnlyList<IoFeature> Features => _pool.Features;

    /// <summary>Makes the pool larger by a number of pages; the memory is there when this returns. The same as <see cref="DmIoClient.Reserve(long)"/>, with its requests.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes.</param>
    /// <returns>The reservation; dispose it to make the pool smaller again.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or more than 2^28 (1 TiB).</exception>
    /// <exception cref="OutOfMemoryException">The host has not that much; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The pool is in too many pieces, after a great many reservations; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public PageReservation Reserve(long pages) => _pool.Reserve(pages);

    /// <summary>As <see cref="Reserve"/>; memory is mapped and made present on a thread-pool thread, which can take long.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes.</param>
    /// <param name="cancellationToken">Gives up; nothing has changed then. Without effect once the memory is there.</param>
    /// <returns>The reservation.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Reserve" path="/exception"/>
    public ValueTask<PageReservation> ReserveAsync(long pages, CancellationToken cancellationToken = default) =>
        _pool.ReserveAsync(pages, requests: null, cancellationToken);

    /// <summary>Rents pages; when not enough are free it blocks until its turn has come.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes; at least 1.</param>
    /// <returns>The pages; dispose the list to return them.</returns>
    /// <remarks><see cref="Thread.Interrupt"/> ends the wait: the thread has left the queue then and has rented nothing.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is less than 1.</exception>
    /// <exception cref="InvalidOperationException">More than is reserved: at the call, or since a reservation was given back during the wait.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed, also during the wait.</exception>
    public PageList RentPages(int pages) => _pool.Rent(pages);

    /// <summary>Rents pages if that many are free and nobody waits. Never waits.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes; at least 1.</param>
    /// <param name="list">The pages, or the empty list.</param>
    /// <returns>Whether there were enough; false also when more are asked for than are reserved.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public bool TryRentPages(int pages, out PageList list) => _pool.TryRent(pages, out list);

    /// <summary>As <see cref="RentPages"/>, awaited instead of blocking; in the same queue.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes; at least 1.</param>
    /// <param name="cancellationToken">Leaves the queue; without effect once the pages are there.</param>
    /// <returns>The pages. Await it once: the object behind it is used again, and pages of a task that is never awaited are lost.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="RentPages" path="/exception"/>
    public ValueTask<PageList> RentPagesAsync(int pages, CancellationToken cancellationToken = default) =>
        _pool.RentAsync(pages, cancellationToken);

    /// <summary>
    /// Rents memory in one piece that starts on a page; when there is no free piece that large it blocks until its turn
    /// has come, and those behind it wait too.
    /// </summary>
    /// <param name="minBufferSize">Bytes; the memory is this rounded up to whole pages. -1 and 0 are one page.</param>
    /// <returns>
    /// The memory; dispose it once to return the pages. Owners are used again: neither the owner nor memory got from it may be
    /// touched after that. It throws while nobody else has it, and is somebody else's afterwards.
    /// </returns>
    /// <remarks>
    /// The memory can't be returned while it is pinned, as it is during a request: Dispose throws <see cref="InvalidOperationException"/>.
    /// <see cref="Thread.Interrupt"/> ends the wait: the thread has left the queue then and has rented nothing.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Less than -1.</exception>
    /// <exception cref="InvalidOperationException">
    /// More than <see cref="MaxBufferSize"/>: at the call, or since a reservation was given back during the wait.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was disposed, also during the wait.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) =>
        Own(_pool.Rent(PagesFor(minBufferSize), contiguous: true));

    /// <summary>As <see cref="Rent"/> if there is a free piece that large and nobody waits. Never waits.</summary>
    /// <param name="minBufferSize">Bytes, as in <see cref="Rent"/>.</param>
    /// <param name="owner">The memory, or null.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than -1.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public bool TryRent(int minBufferSize, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IMemoryOwner<byte>? owner)
    {
        bool rented = _pool.TryRent(PagesFor(minBufferSize), contiguous: true, out PageList list);
        owner = rented ? Own(list) : null;
        return rented;
    }

    /// <summary>As <see cref="Rent"/>, awaited instead of blocking; in the same queue.</summary>
    /// <param name="minBufferSize">Bytes, as in <see cref="Rent"/>.</param>
    /// <param name="cancellationToken">Leaves the queue; without effect once the memory is there.</param>
    /// <returns>The memory, as from <see cref="Rent"/>.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Rent" path="/exception"/>
    public ValueTask<IMemoryOwner<byte>> RentAsync(int minBufferSize, CancellationToken cancellationToken = default)
    {
        ValueTask<PageList> list = _pool.RentAsync(PagesFor(minBufferSize), contiguous: true, cancellationToken);
        return list.IsCompletedSuccessfully ? new ValueTask<IMemoryOwner<byte>>(Own(list.Result)) : OwnAsync(list);
    }

    internal void Recycle(PageMemoryOwner owner)
    {
        using (_lock.Enter())
        {
            owner.Next = _freeOwner;
            _freeOwner = owner;
        }
    }

    /// <summary>Does nothing: the pool lasts as long as its client.</summary>
    protected override void Dispose(bool disposing)
    {
    }

    private static int PagesFor(int minBufferSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minBufferSize, -1);
        return (int)Math.Max(1, ((long)minBufferSize + PageList.PageSize - 1) / PageList.PageSize);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IMemoryOwner<byte>> OwnAsync(ValueTask<PageList> list) => Own(await list.ConfigureAwait(false));

    private PageMemoryOwner Own(PageList list)
    {
        PageMemoryOwner? owner;
        using (_lock.Enter())
        {
            owner = _freeOwner;
            _freeOwner = owner?.Next;
        }

        try
        {
            owner ??= new PageMemoryOwner(this);
        }
        catch
        {
            list.Dispose();
            throw;
        }

        owner.Next = null;
        owner.Take(list);
        return owner;
    }
}
