namespace DmIoUring.Memory;

/// <content>Renting in order of arrival, and returning.</content>
internal sealed unsafe partial class PagePool
{
    /// <summary>
    /// How many free runs a renter of several pages examines for one that is long enough, before it takes scattered pages. It limits
    /// the time under the lock in a fragmented pool.
    /// </summary>
    private const int MaxRunsToTry = 64;

    /// <summary>Rents pages, in order of arrival, as soon as enough are free. Blocks; must not be called on a lane's thread.</summary>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted while it waited; it has left the queue and rented nothing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Less than one page.</exception>
    /// <exception cref="InvalidOperationException">More than is reserved, now or at some time during the wait.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed, now or at some time during the wait.</exception>
    public PageList Rent(int pages) => Rent(pages, contiguous: false);

    /// <summary>As <see cref="Rent(int)"/>, and the pages may have to be adjacent.</summary>
    public PageList Rent(int pages, bool contiguous) => Rent(pages, contiguous, interruptible: true);

    /// <summary>As <see cref="Rent(int)"/>, but an interrupt does not end the wait and is kept for a later one.</summary>
    public PageList RentUninterrupted(int pages) => Rent(pages, contiguous: false, interruptible: false);

    private PageList Rent(int pages, bool contiguous, bool interruptible)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        BlockingPageWaiter waiter;
        using (_lock.Enter())
        {
            if (TakeOrThrow(pages, contiguous, out PageList list))
                return list;
            waiter = BlockingPageWaiter.OfThisThread();
            Enqueue(waiter, pages, contiguous);
        }

        try
        {
            waiter.Sleep(interruptible);
        }
        catch
        {
            GiveUp(waiter);
            throw;
        }

        return waiter.Outcome == WaitOutcome.Granted ? waiter.List : throw PageMisuse.CannotServe(waiter);
    }

    /// <summary>Rents pages if that many are free and no renter waits. Returns false also when more are asked for than are reserved.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than one page.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    public bool TryRent(int pages, out PageList list) => TryRent(pages, contiguous: false, out list);

    /// <summary>As <see cref="TryRent(int, out PageList)"/>, and the pages may have to be adjacent.</summary>
    public bool TryRent(int pages, bool contiguous, out PageList list)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        using (_lock.Enter())
        {
            ThrowIfDisposed();
            list = default;
            return _waiters.First is null && TryTake(pages, contiguous, out list);
        }
    }

    /// <summary>Throws when so many pages can never become free, as <see cref="Rent(int)"/> does.</summary>
    public void ThrowIfUnsatisfiable(int pages)
    {
        using (_lock.Enter())
        {
            WaitOutcome outcome = CheckSatisfiable(pages, contiguous: false, out long limit);
            if (outcome != WaitOutcome.Waiting)
                throw PageMisuse.CannotServe(outcome, pages, limit);
        }
    }

    /// <summary>As <see cref="Rent(int)"/>, without blocking; in the same queue.</summary>
    public ValueTask<PageList> RentAsync(int pages, CancellationToken cancellationToken) =>
        RentAsync(pages, contiguous: false, cancellationToken);

    /// <summary>As <see cref="RentAsync(int, CancellationToken)"/>, and the pages may have to be adjacent.</summary>
    public ValueTask<PageList> RentAsync(int pages, bool contiguous, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<PageList>(cancellationToken);
        AsyncPageWaiter waiter;
        using (_lock.Enter())
        {
            if (TakeOrThrow(pages, contiguous, out PageList list))
                return new ValueTask<PageList>(list);
            waiter = TakeFreeWaiter();
            Enqueue(waiter, pages, contiguous);
        }

        ValueTask<PageList> task = waiter.Task;
        if (cancellationToken.CanBeCanceled)
            waiter.CancelOn(cancellationToken);
        return task;
    }

    /// <summary>Ends a wait whose token was cancelled, unless it has ended already.</summary>
    internal void Cancel(AsyncPageWaiter waiter) => Leave(waiter);

    /// <summary>Puts a waiter on the free list.</summary>
    internal void Recycle(AsyncPageWaiter waiter)
    {
        using (_lock.Enter())
        {
            waiter.Next = _freeWaiter;
            _freeWaiter = waiter;
        }
    }

    /// <summary>Returns the pages of a list.</summary>
    internal void Return(in PageList list)
    {
        EndRental(list);
        PageWaiterQueue ended = default;
        Extent? released = null;
        using (_lock.Enter())
        {
            bool anyEntirelyFree = false;
            for (int run = list.FirstPage; run != NoPage;)
            {
                Extent extent = _slots[run >> PageBits]!;
                PageState state = extent.States[run & PageMask];
                extent.Free(run & PageMask, state.RunLength);
                anyEntirelyFree |= extent.IsEntirelyFree;
                run = state.NextRun;
            }

            _rented -= list.Count;

            // Serve waiting renters first: they may need an extent that would be released otherwise.
            Serve(ref ended);
            if (anyEntirelyFree && _capacity > _reserved + _promised)
            {
                released = ReleaseSurplus();
                if (released is not null)
                {
                    EndUnsatisfiable(ref ended);
                    Serve(ref ended);
                }
            }
        }

        Finish(ended, released);
    }

    private bool TakeOrThrow(int pages, bool contiguous, out PageList list)
    {
        WaitOutcome outcome = CheckSatisfiable(pages, contiguous, out long limit);
        if (outcome != WaitOutcome.Waiting)
            throw PageMisuse.CannotServe(outcome, pages, limit);
        list = default;
        return _waiters.First is null && TryTake(pages, contiguous, out list);
    }

    /// <summary>Whether the current reserve can satisfy a rental: Waiting when it can, otherwise the reason why not, with the limit.</summary>
    private WaitOutcome CheckSatisfiable(int pages, bool contiguous, out long limit)
    {
        limit = _reserved;
        if (_disposed)
            return WaitOutcome.Disposed;
        if (pages > _reserved)
            return WaitOutcome.TooMany;
        if (!contiguous || pages == 1)
            return WaitOutcome.Waiting;
        limit = LongestRunLocked;
        return pages > limit ? WaitOutcome.TooLong : WaitOutcome.Waiting;
    }

    private void Enqueue(PageWaiter waiter, int pages, bool contiguous)
    {
        waiter.Begin(pages, contiguous);
        _waiters.Append(waiter);
    }

    private AsyncPageWaiter TakeFreeWaiter()
    {
        AsyncPageWaiter? waiter = _freeWaiter;
        if (waiter is null)
            return new AsyncPageWaiter(this);
        _freeWaiter = (AsyncPageWaiter?)waiter.Next;
        return waiter;
    }

    /// <summary>Grants pages to waiting renters, in order, up to the first for which there are too few.</summary>
    private void Serve(ref PageWaiterQueue ended)
    {
        while (_waiters.First is { } waiter && TryTake(waiter.Pages, waiter.Contiguous, out PageList list))
            EndWait(waiter, WaitOutcome.Granted, list, 0, ref ended);
    }

    /// <summary>Ends the waits that the current reserve can never satisfy.</summary>
    private void EndUnsatisfiable(ref PageWaiterQueue ended)
    {
        for (PageWaiter? next, waiter = _waiters.First; waiter is not null; waiter = next)
        {
            next = waiter.Next;
            WaitOutcome outcome = CheckSatisfiable(waiter.Pages, waiter.Contiguous, out long limit);
            if (outcome != WaitOutcome.Waiting)
                EndWait(waiter, outcome, default, limit, ref ended);
        }
    }

    private void EndWait(PageWaiter waiter, WaitOutcome outcome, in PageList list, long limit, ref PageWaiterQueue ended)
    {
        _waiters.Remove(waiter);
        waiter.End(outcome, list, limit);
        ended.Append(waiter);
    }

    /// <summary>Removes a waiter from the queue and serves those behind it.</summary>
    private void Leave(PageWaiter waiter)
    {
        PageWaiterQueue ended = default;
        using (_lock.Enter())
        {
            if (!waiter.IsQueued)
                return;
            EndWait(waiter, WaitOutcome.Cancelled, default, 0, ref ended);
            Serve(ref ended);
        }

        Finish(ended, released: null);
    }

    /// <summary>Ends the wait of an interrupted thread. Pages that it was granted meanwhile are returned.</summary>
    private void GiveUp(BlockingPageWaiter waiter)
    {
        BlockingPageWaiter.Abandon();
        Leave(waiter);
        if (waiter.Outcome == WaitOutcome.Granted)
            waiter.List.Dispose();
    }

    /// <summary>Takes pages if that many are free: adjacent ones where possible, otherwise the first free runs.</summary>
    private bool TryTake(int pages, bool contiguous, out PageList list)
    {
        list = default;
        if (pages > _reserved - _rented)
            return false;
        int first = TakeRun(pages, contiguous ? int.MaxValue : MaxRunsToTry);
        if (first == NoPage)
        {
            if (contiguous)
                return false;
            first = TakeScattered(pages);
        }

        _rented += pages;
        _rentals = (_rentals + 1) & MaxRentals;
        _slots[first >> PageBits]!.States[first & PageMask].Rental = _rentals << UseBits;
        list = new PageList(this, first, pages, _rentals);
        return true;
    }

    private int TakeRun(int pages, int runsToTry)
    {
        foreach (Extent extent in _extents)
        {
            if (extent.FreePages < pages || !extent.TryTakeRun(pages, ref runsToTry, out int index))
                continue;
            extent.States[index] = new PageState { NextRun = NoPage, RunLength = pages };
            return (extent.Slot << PageBits) | index;
        }

        return NoPage;
    }

    /// <summary>Takes scattered pages. There are enough: the caller has compared with the free pages.</summary>
    private int TakeScattered(int pages)
    {
        int first = NoPage;
        ref int link = ref first;
        foreach (Extent extent in _extents)
        {
            while (pages > 0 && extent.FreePages > 0)
            {
                int length = extent.TakeFirstRun(pages, out int index);
                ref PageState state = ref extent.States[index];
                state = new PageState { NextRun = NoPage, RunLength = length };
                link = (extent.Slot << PageBits) | index;
                link = ref state.NextRun;
                pages -= length;
            }
        }

        return first;
    }
}
