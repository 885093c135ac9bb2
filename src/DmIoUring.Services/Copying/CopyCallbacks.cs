using System.Diagnostics;

namespace DmIoUring.Services;

/// <summary>
/// Runs a service's callbacks and progress reports on the thread pool, one at a time: a job that has something to tell is queued, and the one item that works the queue
/// off is queued with the pool when there is none.
/// </summary>
internal sealed class CopyCallbacks(Action<Exception>? failed) : IThreadPoolWorkItem
{
    [ThreadStatic]
    private static CopyCallbacks? _current;

    private readonly Lock _lock = new();
    private readonly Queue<CopyJob> _queue = new();
    private bool _runs;

    /// <summary>Whether the calling thread runs one of these callbacks.</summary>
    public bool IsCurrent => _current == this;

    public void Post(CopyJob job)
    {
        lock (_lock)
        {
            _queue.Enqueue(job);
            if (_runs)
                return;
            _runs = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            CopyJob? job;
            lock (_lock)
            {
                if (!_queue.TryDequeue(out job))
                {
                    _runs = false;
                    return;
                }
            }

            CopyCallbacks? before = _current;
            _current = this;
            job.Tell();
            _current = before;
        }
    }

    /// <summary>Reports what a callback threw.</summary>
    public void Report(Exception exception)
    {
        if (failed is null)
        {
            Trace.TraceError("DmIoUring.Services: a callback of a copy threw: {0}", exception);
            return;
        }

        try
        {
            failed(exception);
        }
#pragma warning disable CA1031 // The handler itself failed: only the trace is left.
        catch (Exception second)
#pragma warning restore CA1031
        {
            Trace.TraceError("DmIoUring.Services: CallbackFailed threw: {0}", second);
        }
    }
}
