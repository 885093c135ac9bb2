using System.Threading.Tasks.Sources;
using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <summary>Completes the <see cref="ValueTask{TResult}"/> of an awaited request. Pooled together with the request: both are reusable when the result has been taken.</summary>
internal sealed class RequestAwaiter(Request request) : IValueTaskSource<IoResult>
{
    private ManualResetValueTaskSourceCore<IoResult> _source;
    private CancellationTokenRegistration _cancellation;
    private Action? _hasCancels;

    public ValueTask<IoResult> Begin(bool inline, Action notifyCancelled, CancellationToken cancellation)
    {
        _hasCancels = notifyCancelled;
        if (cancellation.CanBeCanceled)
            _cancellation = cancellation.UnsafeRegister(static self => ((RequestAwaiter)self!).Cancel(), this);
        _source.RunContinuationsAsynchronously = !inline;
        return new ValueTask<IoResult>(this, _source.Version);
    }

    /// <summary>Waits for a cancellation callback that is running: after this no other thread uses the request.</summary>
    public void EndCancellation()
    {
        UninterruptedWait.Dispose(_cancellation);
        _cancellation = default;
    }

    public void SetResult(IoResult result) => _source.SetResult(result);

    IoResult IValueTaskSource<IoResult>.GetResult(short token)
    {
        IoResult result = _source.GetResult(token);
        _source.Reset();
        request.ReturnAwaitedToPool();
        return result;
    }

    ValueTaskSourceStatus IValueTaskSource<IoResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<IoResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        request.RequestCancel();
        _hasCancels!();
    }
}
