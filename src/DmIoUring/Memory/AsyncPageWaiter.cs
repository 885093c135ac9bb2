using System.Threading.Tasks.Sources;
using DmIoUring.Threading;

namespace DmIoUring.Memory;

/// <summary>An awaiting renter. Pooled by its page pool; it returns there when the result was taken.</summary>
internal sealed class AsyncPageWaiter : PageWaiter, IValueTaskSource<PageList>
{
    private readonly PagePool _pool;

    /// <summary>Continuations run on the thread pool, because the thread that returns pages must not run the renter's code.</summary>
    private ManualResetValueTaskSourceCore<PageList> _source = new() { RunContinuationsAsynchronously = true };

    private CancellationToken _token;
    private CancellationTokenRegistration _registration;

    public AsyncPageWaiter(PagePool pool) => _pool = pool;

    public ValueTask<PageList> Task => new(this, _source.Version);

    /// <summary>Registers the token, which ends the wait. Must be called without the pool's lock: a token that is cancelled already ends the wait at once.</summary>
    public void CancelOn(CancellationToken token)
    {
        _token = token;
        _registration = token.UnsafeRegister(
            static waiter => ((AsyncPageWaiter)waiter!)._pool.Cancel((AsyncPageWaiter)waiter), this);
    }

    public override void Signal()
    {
        switch (Outcome)
        {
            case WaitOutcome.Granted:
                _source.SetResult(List);
                break;
            case WaitOutcome.Cancelled:
                _source.SetException(new OperationCanceledException(_token));
                break;
            default:
                _source.SetException(PageMisuse.CannotServe(this));
                break;
        }
    }

    PageList IValueTaskSource<PageList>.GetResult(short token)
    {
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            // Waits for a running cancellation, so that it can't cancel the next renter that uses this object.
            UninterruptedWait.Dispose(_registration);
            _registration = default;
            _token = default;
            _source.Reset();
            _pool.Recycle(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<PageList>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<PageList>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
