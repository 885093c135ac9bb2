using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <content>The request's end: exactly one, told in one of three ways.</content>
internal sealed unsafe partial class Request
{
    /// <summary>Passed on from here: a copy made on the stack would be read back before its parts are together.</summary>
    private static readonly IoResult Success;

    private IoNotify? _notify;
    private object? _context;
    private RequestAwaiter? _awaiter;
    private UninterruptedEvent? _doneEvent;
    private RequestKind _kind;
    private IoFailureCause _stopCause;
    private volatile bool _done;
    private volatile bool _cancelRequested;

    /// <summary>The request's index in its pool.</summary>
    public int Index => index;

    /// <summary>Whether the engine still has chunks of it to cut.</summary>
    public bool IsQueued { get; set; }

    /// <summary>When its time is up, on the ring's clock; 0 when nobody counts.</summary>
    public long Deadline { get; set; }

    public Request? Older { get; set; }

    public Request? Younger { get; set; }

    /// <summary>Whether somebody asked for it to be cancelled. Any thread may ask.</summary>
    public bool IsCancelRequested => _cancelRequested;

    /// <summary>Why the engine stopped the request; None while it goes on.</summary>
    public IoFailureCause StopCause
    {
        get => _stopCause;
        set => _stopCause = value;
    }

    /// <summary>Whether a synchronous request has ended; its result may be taken then.</summary>
    public bool IsDone => _done;

    public void EndWith(IoNotify notify, object? context)
    {
        _kind = RequestKind.Callback;
        _notify = notify;
        _context = context;
    }

    public ValueTask<IoResult> EndWithTask(bool inline, Action notifyCancelled, CancellationToken cancellation)
    {
        _isReset = false;
        _kind = RequestKind.Task;
        _awaiter ??= new RequestAwaiter(this);
        return _awaiter.Begin(inline, notifyCancelled, cancellation);
    }

    /// <summary>The owner polls <see cref="IsDone"/>, or calls <see cref="WaitUntilDone"/> when <paramref name="sleeps"/>.</summary>
    public void EndSync(bool sleeps)
    {
        _isReset = false;
        _kind = RequestKind.Sync;
        _done = false;
        if (sleeps)
            (_doneEvent ??= new UninterruptedEvent()).Reset();
    }

    /// <summary>Sleeps until another thread's engine has ended the request. Never gives up: the buffer is the kernel's until then.</summary>
    public void WaitUntilDone() => _doneEvent!.Wait();

    /// <summary>Asks for the request to be cancelled. Any thread; the engine's owner is still to be told to look.</summary>
    public void RequestCancel() => _cancelRequested = true;

    /// <summary>Gives the request back to its pool: nobody knows it any more.</summary>
    public void ReturnToPool() => pool!.Return(this);

    /// <summary>As <see cref="ReturnToPool"/>, when its awaiter has taken the result.</summary>
    public void ReturnAwaitedToPool() => pool!.ReturnAwaited(this);

    /// <summary>Called by the engine when the last chunk has ended. What this leads to may submit again.</summary>
    /// <param name="freeRequests">Where a callback's request goes; null for its pool.</param>
    /// <param name="devices">The engine's devices.</param>
    public void Complete(RequestFreeList? freeRequests, DeviceTable? devices)
    {
        if (_kind != RequestKind.Callback)
        {
            CompleteOtherwise(devices);
            return;
        }

        Release(devices);
        IoNotify notify = _notify!;
        object? context = _context;
        _notify = null;
        _context = null;
        if (freeRequests is null)
        {
            IoResult result = Result;
            ReturnToPool();
            Notify(notify, result, context);
            return;
        }

        // What is to be told is read before it is given away: the next may have it at once, on another thread.
        if ((_failed | _unsupported) == 0 && _stopCause == IoFailureCause.None)
        {
            freeRequests.Put(this);
            Notify(notify, in Success, context);
        }
        else
        {
            // Its results are for the next to clear.
            IoResult result = Result;
            _isReset = false;
            freeRequests.Put(this);
            Notify(notify, result, context);
        }

        freeRequests.EndCallback();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CompleteOtherwise(DeviceTable? devices)
    {
        if (_kind == RequestKind.Task)
        {
            _awaiter!.EndCancellation();
            IoResult result = Result;
            Release(devices);
            pool?.CountUnawaited();
            SetResult(_awaiter, result);
            return;
        }

        Release(devices);
        _done = true;
        _doneEvent?.Set();
    }

    /// <summary>An inline continuation runs in here; what it throws is reported like what a callback throws.</summary>
    private void SetResult(RequestAwaiter awaiter, in IoResult result)
    {
        try
        {
            awaiter.SetResult(result);
        }
#pragma warning disable CA1031 // The caller's code may throw anything; the lane must go on, and the reporter tells.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reporter.Report(exception);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Notify(IoNotify notify, in IoResult result, object? context)
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

/// <summary>How a request's end is made known.</summary>
internal enum RequestKind : byte
{
    /// <summary>By <see cref="IoNotify"/>.</summary>
    Callback,

    /// <summary>By a <see cref="ValueTask{TResult}"/>.</summary>
    Task,

    /// <summary>To a thread that runs the engine itself, or that sleeps until a lane has done it.</summary>
    Sync,
}
