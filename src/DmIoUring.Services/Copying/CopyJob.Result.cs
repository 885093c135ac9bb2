namespace DmIoUring.Services;

/// <content>What a job tells: how far it is, and how it ended.</content>
internal sealed partial class CopyJob
{
    /// <summary>How far reports are apart. Each wakes a thread, which costs more than a piece itself on a fast device.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(20);

    private CopyResult? _result;
    private long _reported = long.MinValue;
    private int _hasProgress;
    private bool _isTold;
    private CancellationTokenRegistration _cancellation;

    /// <summary>Called with the result; null for a job that is awaited.</summary>
    public CopyNotify? Notify { get; init; }

    public object? Context { get; init; }

    /// <summary>What is awaited; null for a job with a callback.</summary>
    public TaskCompletionSource<CopyResult>? Awaited { get; init; }

    /// <summary>Whether its end is told by <see cref="Tell"/>, and not at once.</summary>
    public bool IsTold => Awaited is null || _options.Progress is not null;

    public void CancelFromToken() => _service.Cancel(this);

    /// <summary>Notes the registration with a token, which ends with the job.</summary>
    public void EndsWith(CancellationTokenRegistration cancellation)
    {
        bool isEnded;
        using (_service.Enter())
        {
            _cancellation = cancellation;
            isEnded = IsEnded;
        }

        if (isEnded)
            cancellation.Unregister();
    }

    /// <summary>Some of it was done. Under the service's lock.</summary>
    public void PostProgress()
    {
        if (_options.Progress is null)
            return;
        long now = _service.Options.TimeProvider.GetTimestamp();
        if (_reported != long.MinValue && _service.Options.TimeProvider.GetElapsedTime(_reported, now) < ReportInterval)
            return;
        _reported = now;
        if (Interlocked.Exchange(ref _hasProgress, 1) == 0)
            _service.Callbacks.Post(this);
    }

    /// <summary>Has ended: makes the result and tells it.</summary>
    public void End()
    {
        CancellationTokenRegistration cancellation;
        using (_service.Enter())
            cancellation = _cancellation;
        cancellation.Unregister();
        CopyResult result = MakeResult();
        if (!IsTold)
        {
            Give(result);
            return;
        }

        Volatile.Write(ref _result, result);
        _service.Callbacks.Post(this);
    }

    /// <summary>Tells what there is to tell. On the thread pool, one at a time in the service.</summary>
    public void Tell()
    {
        if (_isTold)
            return;
        CopyResult? result = Volatile.Read(ref _result);
        if ((Interlocked.Exchange(ref _hasProgress, 0) != 0 || result is not null) && _options.Progress is { } progress)
            Report(progress);
        if (result is null)
            return;
        _isTold = true;
        if (Notify is null)
            Give(result);
        else
            Call(Notify, result);
        _service.Told();
    }

    private void Give(CopyResult result)
    {
        if (result.Exception is { } exception)
            Awaited!.TrySetException(exception);
        else
            Awaited!.TrySetResult(result);
    }

#pragma warning disable CA1031 // The embedder's code may throw anything; it is reported, and the service goes on.
    private void Report(IProgress<CopyProgress> progress)
    {
        try
        {
            progress.Report(ProgressAt(Interlocked.Read(ref _sectorsDone)));
        }
        catch (Exception exception)
        {
            _service.Callbacks.Report(exception);
        }
    }

    private void Call(CopyNotify notify, CopyResult result)
    {
        try
        {
            notify(result, Context);
        }
        catch (Exception exception)
        {
            _service.Callbacks.Report(exception);
        }
    }
#pragma warning restore CA1031

    private CopyProgress ProgressAt(long done)
    {
        TimeSpan elapsed = Elapsed;
        long inThisRun = done - _options.StartAt;
        TimeSpan? remaining = null;
        if (inThisRun > 0)
        {
            double seconds = elapsed.TotalSeconds / inThisRun * (Count - done);
            remaining = seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : null;
        }

        return new CopyProgress(done, Count, elapsed, remaining);
    }

    private TimeSpan Elapsed => _service.Options.TimeProvider.GetElapsedTime(_started);

    private CopyResult MakeResult() => new()
    {
        Outcome = IsCancelled ? CopyOutcome.Cancelled : Failures.HasAny || Exception is not null ? CopyOutcome.Failed : CopyOutcome.Complete,
        Failed = Failures.Failed,
        Unsupported = Failures.Unsupported,
        SourceFailure = Failures.Source,
        DestinationFailures = Failures.Destinations(),
        NotRead = Failures.NotRead(),
        SectorsCopied = _sectorsCopied,
        NextSector = Math.Min(_next, _firstNotDone),
        Elapsed = Elapsed,
        Exception = Exception,
    };
}
