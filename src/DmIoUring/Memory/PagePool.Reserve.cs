using System.Diagnostics;
using System.Globalization;
using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <content>Growing and shrinking: dm_io_get and dm_io_put.</content>
/// <remarks>
/// Everything that can fail is done first, and undone when a later step fails. Then one section under the lock makes the change and allocates
/// nothing. So a reservation succeeds completely or nothing has changed, and ending one never fails.
/// </remarks>
internal sealed partial class PagePool
{
    /// <summary>The most pages that a pool can ever have.</summary>
    private const long MaxPages = (long)MaxExtents * ExtentSizing.MaxPages;

    /// <summary>Serializes growing, so that each reservation maps exactly what is missing, and checks for memory when the one before has taken its own.</summary>
    private readonly UninterruptedMutex _growing = new();

    /// <summary>Pages of the reservation that is not committed yet: what the pool has for it must not be released meanwhile.</summary>
    private long _promised;

    /// <summary>Reserves requests together with the pages; null for pages only.</summary>
    public IReserveParticipant? Participant { get; init; }

    /// <summary>Called before each step, for tests.</summary>
    public Action<ReserveStep>? BeforeStep { get; init; }

    /// <summary>Adds pages to the pool; the memory is populated when this returns.</summary>
    /// <param name="pages">How many; 0 only together with requests.</param>
    /// <param name="requests">How many requests with them; null for the default number for that many pages.</param>
    /// <param name="participant">Who reserves the requests; null for the pool's own.</param>
    /// <exception cref="ArgumentOutOfRangeException">Both are 0, or more than a pool can ever have.</exception>
    /// <exception cref="OutOfMemoryException">The host has too little memory; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The pool has too many extents, or there are too many requests; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public PageReservation Reserve(long pages, int? requests = null, IReserveParticipant? participant = null)
    {
        CheckReserve(pages, requests);
        _growing.Enter();
        try
        {
            return Grow(pages, requests, participant ?? Participant, CancellationToken.None);
        }
        finally
        {
            _growing.Exit();
        }
    }

    /// <summary>As <see cref="Reserve"/>, on a thread-pool thread. When it is cancelled, nothing has changed.</summary>
    public ValueTask<PageReservation> ReserveAsync(long pages, int? requests, CancellationToken cancellationToken)
    {
        CheckReserve(pages, requests);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<PageReservation>(cancellationToken)
            : new ValueTask<PageReservation>(GrowAsync(pages, requests, cancellationToken));
    }

    /// <summary>
    /// Ends a reservation. Rented pages beyond the remaining reserve leave the pool when they are returned. Never throws: without
    /// memory for a new table the pool keeps what it could release until the next change.
    /// </summary>
    internal void Unreserve(long pages, int requests, IReserveParticipant? participant)
    {
        PageWaiterQueue ended = default;
        Extent? released = null;
        using (_lock.Enter())
        {
            if (!_disposed)
            {
                _reserved -= pages;
                released = ReleaseSurplus();
                EndUnsatisfiable(ref ended);
                Serve(ref ended);
            }
        }

        Finish(ended, released);
        participant?.Unreserve(requests);
    }

    private void CheckReserve(long pages, int? requests)
    {
        // The pages may be 0 only when requests are asked for.
        if (requests is { } number)
            ArgumentOutOfRangeException.ThrowIfNegative(number, nameof(requests));
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, requests > 0 ? 0 : 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pages, MaxPages);
        CheckNotDisposed();
    }

    private async Task<PageReservation> GrowAsync(long pages, int? requests, CancellationToken cancellationToken)
    {
        await _growing.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Grow(pages, requests, Participant, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _growing.Exit();
        }
    }

    private PageReservation Grow(long pages, int? asked, IReserveParticipant? participant, CancellationToken cancellationToken)
    {
        BeforeStep?.Invoke(ReserveStep.Requests);
        int requests = asked ?? participant?.DefaultRequests(pages) ?? 0;
        participant?.Prepare(requests);
        MappedExtent?[] mapped = [];
        PageWaiterQueue ended = default;
        bool committed = false;
        PageReservation reservation;
        try
        {
            int[] sizes = Promise(pages);
            mapped = new MappedExtent?[sizes.Length];
            Map(sizes, mapped, cancellationToken);
            Extent[] extents = Array.ConvertAll(mapped, MakeExtent);
            BeforeStep?.Invoke(ReserveStep.Reservation);
            reservation = new PageReservation(this, participant, pages, requests);
            using (_lock.Enter())
            {
                ThrowIfDisposed();
                ExtentTable table = extents.Length > 0 ? TableWith(extents) : _table;
                BeforeStep?.Invoke(ReserveStep.Commit);
                committed = true;
                Commit(pages, extents, table, ref ended);
                BeforeStep?.Invoke(ReserveStep.Committed);
            }
        }
        catch when (!committed)
        {
            RollBack(mapped);
            participant?.RollBack(requests);
            throw;
        }

        participant?.Commit(requests);
        Finish(ended, released: null);
        return reservation;
    }

    /// <summary>Promises the reservation what the pool has, and returns what is missing: the sizes of the extents to map.</summary>
    private int[] Promise(long pages)
    {
        BeforeStep?.Invoke(ReserveStep.Promise);
        using (_lock.Enter())
        {
            ThrowIfDisposed();
            long shortage = _reserved + pages - _capacity;
            int[] sizes = shortage > 0 ? ExtentSizing.Plan(shortage, _capacity) : [];
            if (_extents.Count + _foreign + sizes.Length > MaxExtents)
            {
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{pages} pages can't be reserved: the pool is in {_extents.Count} pieces, registered memory in {_foreign}, there can't be more than {MaxExtents}, and this needs {sizes.Length}. ") +
                    "Give reservations back, or reserve at once what was reserved piecemeal.");
            }

            _promised = pages;
            return sizes;
        }
    }

    private void Map(int[] sizes, MappedExtent?[] mapped, CancellationToken cancellationToken)
    {
        if (sizes.Length == 0)
            return;
        BeforeStep?.Invoke(ReserveStep.Available);
        _source.EnsureAvailable(sizes.Sum(static size => (long)size) * PageSize);
        for (int i = 0; i < sizes.Length; i++)
        {
            BeforeStep?.Invoke(ReserveStep.Map);
            mapped[i] = _source.Map((long)sizes[i] * PageSize, cancellationToken);
        }
    }

    private Extent MakeExtent(MappedExtent? mapping)
    {
        BeforeStep?.Invoke(ReserveStep.Extent);
        return new Extent(mapping!);
    }

    /// <summary>Makes the change. Must be called under the lock. Allocates nothing, and so never fails.</summary>
    private void Commit(long pages, Extent[] extents, ExtentTable table, ref PageWaiterQueue ended)
    {
        foreach (Extent extent in extents)
        {
            Debug.Assert(_slots[extent.Slot] is null, "The table was made under the same lock.");
            _slots[extent.Slot] = extent;
            _generations[extent.Slot] = extent.Generation;
            _extents.Add(extent);
            _capacity += extent.Pages;
        }

        Volatile.Write(ref _table, table);
        _promised = 0;
        _reserved += pages;
        Serve(ref ended);
    }

    /// <summary>Undoes a reservation that failed: releases what was promised and mapped for it.</summary>
    private void RollBack(MappedExtent?[] mapped)
    {
        Extent? released;
        using (_lock.Enter())
        {
            _promised = 0;
            released = ReleaseSurplus();
        }

        Finish(ended: default, released);
        foreach (MappedExtent? mapping in mapped)
        {
            if (mapping is not null)
                _source.Unmap(mapping);
        }
    }

    private void ThrowIfDisposed()
    {
        if (_disposed)
            throw PageMisuse.CannotServe(WaitOutcome.Disposed, 0, 0);
    }
}

/// <summary>The steps of growing and shrinking; for tests that make each fail, and check that the last ones can't.</summary>
internal enum ReserveStep
{
    Requests,
    Promise,
    Available,
    Map,
    Extent,
    Reservation,

    /// <summary>The table that the engines read: the last step that can fail, when growing and when shrinking.</summary>
    Table,

    /// <summary>From here on nothing is allocated until <see cref="Committed"/>.</summary>
    Commit,
    Committed,
}
