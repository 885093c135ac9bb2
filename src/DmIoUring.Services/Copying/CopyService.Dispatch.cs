namespace DmIoUring.Services;

/// <content>Gives pieces of jobs to free slots, in turn.</content>
public sealed partial class CopyService
{
    /// <summary>Enters the lock that guards jobs and slots: for a few instructions.</summary>
    internal Lock.Scope Enter() => _lock.EnterScope();

    /// <summary>Changes a job, and does what follows from it.</summary>
    internal void Change<T>(CopyJob job, T state, Action<CopyJob, T> change)
    {
        using (_lock.EnterScope())
        {
            change(job, state);
            Queue(job);
        }

        Settle(job);
        Dispatch();
    }

    /// <summary>A slot's piece is over.</summary>
    internal void End(CopySlot slot)
    {
        Release(slot);
        Dispatch();
    }

    /// <summary>Takes a slot back. Where writes are in order, the next piece of the job goes on.</summary>
    private void Release(CopySlot slot)
    {
        for (CopySlot? over = slot; over is not null;)
        {
            CopyJob job = over.Job;
            CopySlot? next = null;
            using (_lock.EnterScope())
            {
                over.Account();
                job.PostProgress();
                _free.Push(over);
                if (job.IsSequential)
                    next = FindNext(job, over);
                Queue(job);
            }

            over = next is not null && next.Proceed() ? next : null;
            Settle(job);
        }
    }

    private CopySlot? FindNext(CopyJob job, CopySlot over)
    {
        foreach (CopySlot slot in _slots)
        {
            if (slot != over && slot.HasTurn(job))
                return slot;
        }

        return null;
    }

    private void Begin(CopyJob job)
    {
        using (_lock.EnterScope())
            Queue(job);
        Settle(job);
        Dispatch();
    }

    /// <summary>Starts as many pieces as there are free slots, one of each job in turn.</summary>
    private void Dispatch()
    {
        while (true)
        {
            CopySlot slot;
            using (_lock.EnterScope())
            {
                if (_free.Count == 0 || !TakePiece(out CopyJob? job, out CopyPiece piece))
                    return;
                slot = _free.Pop();
                slot.Begin(job, piece);
                Queue(job);
            }

            if (slot.Start())
                Release(slot);
        }
    }

    private bool TakePiece([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CopyJob? job, out CopyPiece piece)
    {
        while (_ready.TryDequeue(out job))
        {
            job.IsQueued = false;
            if (job.TryTake(Share, out piece))
                return true;
        }

        piece = default;
        return false;
    }

    /// <summary>
    /// How many pieces one job may have in flight: an equal part of the slots, rounded up. A job that was alone has all of them, and others get theirs as its pieces end:
    /// if its device is stuck, they wait.
    /// </summary>
    private int Share => Math.Max(1, (_slots.Length + _jobs.Count - 1) / Math.Max(1, _jobs.Count));

    /// <summary>The share has become larger: by then there are fewer jobs than slots.</summary>
    private void QueueAll()
    {
        foreach (CopyJob job in _jobs)
            Queue(job);
    }

    private void Queue(CopyJob job)
    {
        if (job.IsQueued || !job.CanStart(Share))
            return;
        job.IsQueued = true;
        _ready.Enqueue(job);
    }

    /// <summary>Ends a job that nothing holds any more, or flushes its destinations first.</summary>
    private void Settle(CopyJob job)
    {
        RegionBits flushes;
        using (_lock.EnterScope())
        {
            if (!job.TryEnd(out flushes))
                return;
            if (flushes.IsEmpty)
            {
                int share = Share;
                _jobs.Remove(job);
                if (Share > share)
                    QueueAll();
            }
        }

        if (flushes.IsEmpty)
            Ended(job);
        else
            Flush(job, flushes);
    }

    private void Flush(CopyJob job, RegionBits destinations)
    {
        IoRegion[] regions = new IoRegion[destinations.Count];
        int count = 0;
        foreach (int destination in destinations)
            regions[count++] = job.Destinations[destination] with { Count = 0 };
        IoReport report = new();
        try
        {
            Client.SubmitFlush(regions, (result, _) => Change(job, (result, report), (job, flush) => job.EndFlush(destinations, flush.result, flush.report)), context: null, new IoRequestOptions(Report: report));
        }
#pragma warning disable CA1031 // Whatever it is ends the job, which tells it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Change(job, exception, static (job, exception) => job.EndFlush(exception));
        }
    }
}
