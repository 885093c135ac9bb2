using System.Buffers;
using System.Runtime.CompilerServices;
using DmIoUring.Memory;
using DmIoUring.Threading;

namespace DmIoUring;

/// <summary>
/// A client's page pool: memory that is populated, locked and on huge pages where the host allows, and registered with the client's
/// rings, so that the kernel need not look up and pin the pages for each transfer.
/// </summary>
/// <remarks>
/// <para>It rents lists of pages (<see cref="RentPages"/>), which need not be adjacent, and contiguous
/// <see cref="Memory{T}"/> (<see cref="Rent"/>), for code that uses <see cref="MemoryPool{T}"/>.
/// Both are taken from the reserved pages (<see cref="Reserve"/>), and renters wait in one queue in order of arrival: a
/// smaller rental does not overtake a larger one. Within the reserve nothing waits, and nothing is allocated once as many
/// objects have been in use before.</para>
/// <para>Every member may be called on any thread. Members that wait must not be called in a callback, because the pages may be
/// returned through the same lane; the Try variants may.</para>
/// <para>It lives as long as its client; disposing it does nothing. When the client is disposed, memory that is not rented is
/// unmapped at once, and the rest when its last page is returned.</para>
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

    /// <summary>The pool behind it, for a driver that uses another's.</summary>
    internal PagePool Pool => _pool;

    /// <summary>Keeps the client alive while its pool is in use, because the client's finalizer ends the pool.</summary>
    internal object? Owner { get; }

    /// <summary>
    /// The largest <see cref="Rent"/> at present, in bytes: the largest extent, at most 1 GiB. It is at least the
    /// size of the largest reservation up to that limit; it changes with reservations.
    /// </summary>
    public override int MaxBufferSize => _pool.LongestRun * PageList.PageSize;

    /// <summary>Pages that are reserved in all.</summary>
    public long ReservedPages => _pool.Counters.Reserved;

    /// <summary>Free pages: they can be rented without waiting, unless renters wait already.</summary>
    public long FreePages => _pool.Counters.Free;

    /// <summary>Pages that are rented. It may be more than are reserved, after a reservation was disposed.</summary>
    public long RentedPages => _pool.Counters.Rented;

    /// <summary>How many renters wait.</summary>
    public int Waiting => _pool.Counters.Waiting;

    /// <summary>
    /// The features that the host gave to this memory and those that it refused, with the values: <c>MAP_HUGETLB</c>, <c>MADV_HUGEPAGE</c>,
    /// <c>mlock</c>. Empty while nothing is reserved. Reads /proc; not for a hot path.
    /// </summary>
    public IReadOnlyList<IoFeature> Features => _pool.Features;

    /// <summary>Adds pages to the pool; the memory is populated when this returns. The same as <see cref="DmIoClient.Reserve(long)"/>, with its requests.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes.</param>
    /// <returns>The reservation; dispose it to make the pool smaller again.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or more than 2^28 (1 TiB).</exception>
    /// <exception cref="OutOfMemoryException">The host has too little memory; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The pool has too many extents, after a great many reservations; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public PageReservation Reserve(long pages) => _pool.Reserve(pages);

    /// <summary>As <see cref="Reserve"/>; memory is mapped and populated on a thread-pool thread, which can take long.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes.</param>
    /// <param name="cancellationToken">Cancels the reservation. When it is cancelled, nothing has changed. Without effect once the memory is reserved.</param>
    /// <returns>The reservation.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Reserve" path="/exception"/>
    public ValueTask<PageReservation> ReserveAsync(long pages, CancellationToken cancellationToken = default) =>
        _pool.ReserveAsync(pages, requests: null, cancellationToken);

    /// <summary>
    /// Has the rings that use this pool know memory of the embedder's own, an arena for its buffers, so that transfers from and to it cost what those of pool pages do. Nothing is pinned
    /// here: each ring, or the table that rings clone, does that with its next request, and <see cref="DmIoClient.PageRegistration"/> says whether the kernel took it.
    /// </summary>
    /// <param name="memory">The memory, which stays allocated for as long as it is registered, also when it is disposed.</param>
    /// <returns>The registration; dispose it to end it. If it is not disposed, the rings know the memory for as long as there are any, and it is never freed.</returns>
    /// <remarks>
    /// Any thread. A request's memory is recognized by its address, whatever kind of buffer it is given as, where all of it lies in one registration. Memory that the kernel refuses (beyond
    /// RLIMIT_MEMLOCK, or a mapping of a file) is used like any other. One registration takes a place for each GiB, of 1,024 in all, which the pool's own pieces share.
    /// </remarks>
    /// <exception cref="ArgumentException">A part of it is registered already.</exception>
    /// <exception cref="InvalidOperationException">There is no place left; the message says how many are taken.</exception>
    /// <exception cref="ObjectDisposedException">The client or the memory was disposed.</exception>
    public unsafe MemoryRegistration Register(IoMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return _pool.Register((byte*)memory.Pointer, memory.Length, memory);
    }

    /// <summary>The same for memory by its address.</summary>
    /// <param name="start">The first byte; any alignment.</param>
    /// <param name="length">Bytes, at least 1. All of it must be mapped, readable and writable.</param>
    /// <returns>The registration.</returns>
    /// <remarks>
    /// The remarks of <see cref="Register(IoMemory)"/> hold. <b>Dispose the registration before the memory is unmapped, moved or given other pages</b> (munmap, mremap, MADV_DONTNEED):
    /// the kernel would go on transferring from and to the old pages, which nobody sees. A fork has the same effect on what the parent writes afterwards, unless the memory has MADV_DONTFORK.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1, or reaches beyond the address space.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="start"/> is null.</exception>
    /// <inheritdoc cref="Register(IoMemory)" path="/exception"/>
    public unsafe MemoryRegistration Register(void* start, long length)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)length, ulong.MaxValue - (ulong)start, nameof(length));
        return _pool.Register((byte*)start, length, memory: null);
    }

    /// <summary>Rents pages; when too few are free it blocks until they are, in order of arrival.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes; at least 1.</param>
    /// <returns>The pages; dispose the list to return them.</returns>
    /// <remarks><see cref="Thread.Interrupt"/> ends the wait: the thread leaves the queue and has rented nothing.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is less than 1.</exception>
    /// <exception cref="InvalidOperationException">More than is reserved, at the call or after a reservation was disposed during the wait.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed, also during the wait.</exception>
    public PageList RentPages(int pages) => _pool.Rent(pages);

    /// <summary>Rents pages if that many are free and no renter waits. Never waits.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes; at least 1.</param>
    /// <param name="list">The pages, or the empty list.</param>
    /// <returns>Whether they were rented; false also when more are asked for than are reserved.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public bool TryRentPages(int pages, out PageList list) => _pool.TryRent(pages, out list);

    /// <summary>As <see cref="RentPages"/>, awaited instead of blocking; in the same queue.</summary>
    /// <param name="pages">How many pages of <see cref="PageList.PageSize"/> bytes; at least 1.</param>
    /// <param name="cancellationToken">Leaves the queue; without effect once the pages are there.</param>
    /// <returns>The pages. Await it exactly once, because the object behind it is pooled; the pages of a task that is never awaited are lost.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="RentPages" path="/exception"/>
    public ValueTask<PageList> RentPagesAsync(int pages, CancellationToken cancellationToken = default) =>
        _pool.RentAsync(pages, cancellationToken);

    /// <summary>
    /// Rents contiguous memory that starts on a page; when no free run is large enough it blocks until one is, and later
    /// renters wait behind it.
    /// </summary>
    /// <param name="minBufferSize">Bytes; the memory is this rounded up to whole pages. -1 and 0 are one page.</param>
    /// <returns>
    /// The memory; dispose it once to return the pages. Owners are pooled: don't use the owner or memory from it after that. Such a
    /// use throws until another renter has the owner, and then affects that renter.
    /// </returns>
    /// <remarks>
    /// The memory can't be returned while it is pinned, as it is during a request: Dispose throws <see cref="InvalidOperationException"/>.
    /// <see cref="Thread.Interrupt"/> ends the wait: the thread leaves the queue and has rented nothing.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Less than -1.</exception>
    /// <exception cref="InvalidOperationException">
    /// More than <see cref="MaxBufferSize"/>, at the call or after a reservation was disposed during the wait.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was disposed, also during the wait.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) =>
        Own(_pool.Rent(PagesFor(minBufferSize), contiguous: true));

    /// <summary>As <see cref="Rent"/> if a free run is large enough and no renter waits. Never waits.</summary>
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

    /// <summary>Does nothing: the pool lives as long as its client.</summary>
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
