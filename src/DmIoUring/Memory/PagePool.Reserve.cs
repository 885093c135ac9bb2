using System.Globalization;

namespace DmIoUring.Memory;

/// <content>Growing and shrinking: dm_io_get and dm_io_put.</content>
internal sealed partial class PagePool
{
    /// <summary>One grows at a time, so that each maps just what is missing.</summary>
    private readonly SemaphoreSlim _growing = new(1, 1);

    /// <summary>Pages of a reservation that is being made: what the pool has for it must not be released meanwhile.</summary>
    private long _promised;

    /// <summary>Makes the pool larger; the memory is there and present when this returns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than one page, or more than a pool can ever have.</exception>
    /// <exception cref="OutOfMemoryException">The host has not that much; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The memory is in too many pieces; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public PageReservation Reserve(long pages)
    {
        CheckReserve(pages);
        if (TryReserve(pages) is { } reservation)
            return reservation;
        _growing.Wait();
        try
        {
            return Grow(pages, CancellationToken.None);
        }
        finally
        {
            _growing.Release();
        }
    }

    /// <summary>As <see cref="Reserve"/>, but memory is mapped on a thread-pool thread; cancelled, nothing has changed.</summary>
    public ValueTask<PageReservation> ReserveAsync(long pages, CancellationToken cancellationToken)
    {
        CheckReserve(pages);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<PageReservation>(cancellationToken);
        return TryReserve(pages) is { } reservation
            ? new ValueTask<PageReservation>(reservation)
            : new ValueTask<PageReservation>(GrowAsync(pages, cancellationToken));
    }

    /// <summary>Takes a reservation back. Pages beyond what is still reserved that are rented leave the pool when they come back.</summary>
    internal void Unreserve(long pages)
    {
        PageWaiterQueue ended = default;
        Extent? released = null;
        lock (_lock)
        {
            if (_disposed)
                return;
            _reserved -= pages;
            ReleaseSurplus(ref released);
            EndHopeless(ref ended);
            Serve(ref ended);
        }

        Finish(ended, released);
        ReserveChanged?.Invoke();
    }

    private static void CheckReserve(long pages)
    {
        const long most = (long)MaxExtents * ExtentSizing.MostPages;
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pages, most);
    }

    /// <summary>A reservation out of what is mapped already; null when it must grow.</summary>
    private PageReservation? TryReserve(long pages)
    {
        PageWaiterQueue ended = default;
        lock (_lock)
        {
            ThrowIfDisposed();
            if (_reserved + _promised + pages > _capacity)
                return null;
            _reserved += pages;
            Serve(ref ended);
        }

        Finish(ended, released: null);
        ReserveChanged?.Invoke();
        return new PageReservation(this, pages);
    }

    private async Task<PageReservation> GrowAsync(long pages, CancellationToken cancellationToken)
    {
        await _growing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Grow(pages, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _growing.Release();
        }
    }

    private PageReservation Grow(long pages, CancellationToken cancellationToken)
    {
        int[] sizes = Promise(pages);
        List<MappedExtent> mapped = new(sizes.Length);
        try
        {
            if (sizes.Length > 0)
                _source.EnsureAvailable(sizes.Sum(static size => (long)size) * PageSize);
            foreach (int size in sizes)
                mapped.Add(_source.Map((long)size * PageSize, cancellationToken));
            Commit(pages, mapped.ConvertAll(static mapping => new Extent(mapping)));
            return new PageReservation(this, pages);
        }
        catch
        {
            Withdraw();
            mapped.ForEach(_source.Unmap);
            throw;
        }
    }

    /// <summary>Sets aside what the pool has for the reservation and says what is missing: the sizes of the extents to map.</summary>
    private int[] Promise(long pages)
    {
        lock (_lock)
        {
            ThrowIfDisposed();
            long shortage = _reserved + pages - _capacity;
            int[] sizes = shortage > 0 ? ExtentSizing.Plan(shortage, _capacity) : [];
            if (_extents.Count + sizes.Length > MaxExtents)
            {
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{pages} pages can't be reserved: the pool is in {_extents.Count} pieces and can't have more than {MaxExtents}, and this needs {sizes.Length}. ") +
                    "Give reservations back, or reserve at once what was reserved piecemeal.");
            }

            _promised = pages;
            return sizes;
        }
    }

    private void Commit(long pages, List<Extent> extents)
    {
        PageWaiterQueue ended = default;
        lock (_lock)
        {
            ThrowIfDisposed();
            extents.ForEach(Add);
            if (extents.Count > 0)
                PublishTable();
            _promised = 0;
            _reserved += pages;
            Serve(ref ended);
        }

        Finish(ended, released: null);
        ReserveChanged?.Invoke();
    }

    private void Withdraw()
    {
        Extent? released = null;
        lock (_lock)
        {
            _promised = 0;
            ReleaseSurplus(ref released);
        }

        Finish(ended: default, released);
    }

    private void ThrowIfDisposed()
    {
        if (_disposed)
            throw PageMisuse.CannotServe(WaitOutcome.Disposed, 0, 0);
    }
}
