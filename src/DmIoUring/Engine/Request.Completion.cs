using System.Threading.Tasks.Sources;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>The request's end: exactly one, told in one of three ways.</content>
internal sealed partial class Request : IValueTaskSource<IoResult>
{
    private ManualResetValueTaskSourceCore<IoResult> _source;
    private RequestKind _kind;
    private IoNotify? _notify;
    private object? _context;
    private ManualResetEventSlim? _doneEvent;
    private volatile bool _done;
    private volatile bool _stopAsked;
    private SegmentStore? _segments;
    private CancellationTokenRegistration _cancellation;
    private Action? _lookForStops;

    /// <summary>The request's index in its pool.</summary>
    public int Index => index;

    /// <summary>Whether the engine still has chunks of it to cut.</summary>
    public bool IsQueued { get; set; }

    /// <summary>When its time is up, on the ring's clock; 0 when nobody counts.</summary>
    public long Deadline { get; set; }

    public Request? Older { get; set; }

    public Request? Younger { get; set; }

    /// <summary>Whether somebody asked for it to be cancelled. Any thread may ask.</summary>
    public bool IsStopAsked => _stopAsked;

    /// <summary>Why the engine stopped the request; None while it goes on.</summary>
    public IoFailureCause StopCause { get; set; }

    /// <summary>Whether a synchronous request has ended; its result may be taken then.</summary>
    public bool IsDone => _done;

    public void EndWith(IoNotify notify, object? context)
    {
        _kind = RequestKind.Callback;
        _notify = notify;
        _context = context;
    }

    public ValueTask<IoResult> EndWithTask(bool inline, Action lookForStops, CancellationToken cancellation)
    {
        _kind = RequestKind.Task;
        _lookForStops = lookForStops;
        if (cancellation.CanBeCanceled)
            _cancellation = cancellation.UnsafeRegister(static self => ((Request)self!).Cancel(), this);
        _source.RunContinuationsAsynchronously = !inline;
        return new ValueTask<IoResult>(this, _source.Version);
    }

    /// <summary>The owner polls <see cref="IsDone"/>, or calls <see cref="WaitUntilDone"/> when <paramref name="sleeps"/>.</summary>
    public void EndSync(bool sleeps)
    {
        _kind = RequestKind.Sync;
        _done = false;
        if (sleeps)
            (_doneEvent ??= new ManualResetEventSlim(initialState: false, spinCount: 0)).Reset();
    }

    /// <summary>Sleeps until another thread's engine has ended the request. Never gives up: the buffer is the kernel's until then.</summary>
    public void WaitUntilDone() => _doneEvent!.WaitUninterrupted();

    /// <summary>Called by the engine when the last chunk has ended. What this leads to may submit again.</summary>
    public void Complete()
    {
        // Waits for a cancellation that is being asked for just now: after this, nobody else knows the request.
        _cancellation.Dispose();
        _cancellation = default;
        IoResult result = Result;
        Release();
        switch (_kind)
        {
            case RequestKind.Callback:
                IoNotify notify = _notify!;
                object? context = _context;
                _notify = null;
                _context = null;
                home!.Return(this);
                Notify(notify, result, context);
                break;
            case RequestKind.Task:
                _source.SetResult(result);
                break;
            case RequestKind.Sync:
                _done = true;
                _doneEvent?.Set();
                break;
        }
    }

    IoResult IValueTaskSource<IoResult>.GetResult(short token)
    {
        IoResult result = _source.GetResult(token);
        _source.Reset();
        home!.Return(this);
        return result;
    }

    ValueTaskSourceStatus IValueTaskSource<IoResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<IoResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        _stopAsked = true;
        _lookForStops!();
    }

    private void Notify(IoNotify notify, IoResult result, object? context)
    {
        try
        {
            notify(result, context);
        }
#pragma warning disable CA1031 // The caller's code may throw anything; the lane must go on, and the reporter tells.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reporter.Report(exception);
        }
    }
}
