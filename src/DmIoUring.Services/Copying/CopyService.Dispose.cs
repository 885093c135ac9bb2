namespace DmIoUring.Services;

/// <content>The jobs that there are, and their end.</content>
public sealed partial class CopyService
{
    private readonly TaskCompletionSource _piecesEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _allTold = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _untold;
    private bool _isDisposed;
    private readonly Lock _freeLock = new();
    private bool _isFreed;

    /// <summary>
    /// Refuses new jobs and starts no new pieces: jobs end as <see cref="CopyOutcome.Cancelled"/>, except those whose last piece has been started. Returns when the
    /// pieces in flight have ended, the memory is free, and all callbacks have returned. In a callback or progress report of this service it does not wait for callbacks.
    /// </summary>
    /// <remarks>
    /// Any thread, any number of times, except in callbacks of the client on its lanes, where it would wait for itself: use the thread pool there. Devices that don't
    /// answer keep it waiting. The client must not be disposed before.
    /// </remarks>
    public void Dispose()
    {
        BeginDispose();
#pragma warning disable CA2012, VSTHRD002, MA0045 // Dispose is the synchronous form.
        _piecesEnded.Task.GetAwaiter().GetResult();
        Free();
        if (!Callbacks.IsCurrent)
            _allTold.Task.GetAwaiter().GetResult();
#pragma warning restore CA2012, VSTHRD002, MA0045
    }

    /// <summary>As <see cref="Dispose"/>, without blocking a thread.</summary>
    /// <returns>A task that completes when the pieces in flight have ended and all callbacks have returned.</returns>
    public async ValueTask DisposeAsync()
    {
        BeginDispose();
        bool isInCallback = Callbacks.IsCurrent;
        await _piecesEnded.Task.ConfigureAwait(false);
        Free();
        if (!isInCallback)
            await _allTold.Task.ConfigureAwait(false);
    }

    internal void Cancel(CopyJob job)
    {
        if (!Stop(job))
            return;

        // If it has ended, the others' shares are larger now.
        Dispatch();
    }

    private bool Stop(CopyJob job)
    {
        using (_lock.EnterScope())
        {
            if (!job.Cancel())
                return false;
        }

        Settle(job);
        return true;
    }

    /// <summary>A job's callback has returned.</summary>
    internal void Told()
    {
        using (_lock.EnterScope())
        {
            _untold--;
            CheckEnd();
        }
    }

    private void Add(CopyJob job)
    {
        using (_lock.EnterScope())
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _jobs.Add(job);
            _untold++;
        }
    }

    private void Ended(CopyJob job)
    {
        bool isTold = job.IsTold;
        job.End();
        using (_lock.EnterScope())
        {
            if (!isTold)
                _untold--;
            CheckEnd();
        }
    }

    private void BeginDispose()
    {
        CopyJob[] jobs;
        using (_lock.EnterScope())
        {
            _isDisposed = true;
            jobs = [.. _jobs];
            CheckEnd();
        }

        foreach (CopyJob job in jobs)
            Stop(job);
    }

    /// <summary>The lock must be held.</summary>
    private void CheckEnd()
    {
        if (!_isDisposed || _jobs.Count > 0)
            return;
        _piecesEnded.TrySetResult();
        if (_untold == 0)
            _allTold.TrySetResult();
    }

    /// <summary>Who comes second waits until it is done.</summary>
    private void Free()
    {
        lock (_freeLock)
        {
            if (_isFreed)
                return;
            _registration.Dispose();
            _memory.Dispose();
            _isFreed = true;
        }
    }
}
