using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <content>The end of a request: it happens exactly once and is reported in one of three ways.</content>
internal sealed unsafe partial class Request
{
    /// <summary>Passed by reference: a copy on the stack would cause a store-forwarding stall when it is read.</summary>
    private static readonly IoResult Success;

    /// <summary>An <see cref="IoCompleted"/> where the kind says so, otherwise an <see cref="IoNotify"/>: one field for both, because a reserve has thousands of them.</summary>
    private Delegate? _notify;
    private object? _context;
    private long _tag;
    private long _bytes;
    private long _oddEnd;
    private RequestAwaiter? _awaiter;
    private UninterruptedEvent? _doneEvent;
    private readonly RequestKind _callbackKind = pool?.HandOver is null ? RequestKind.Callback : RequestKind.HandedOver;
    private RequestKind _kind;
    private IoFailureCause _stopCause;
    private volatile bool _done;
    private volatile bool _cancelRequested;

    /// <summary>The request's index in its pool.</summary>
    public int Index => index;

    /// <summary>Whether it is in the engine's queue, not completely split.</summary>
    public bool IsQueued { get; set; }

    /// <summary>When its time limit passes, on the ring's clock; 0 for no limit.</summary>
    public long Deadline { get; set; }

    public Request? Older { get; set; }

    public Request? Younger { get; set; }

    /// <summary>Whether it was cancelled. Any thread.</summary>
    public bool IsCancelRequested => _cancelRequested;

    /// <summary>Why the engine stopped the request; None while it is not stopped.</summary>
    public IoFailureCause StopCause
    {
        get => _stopCause;
        set => _stopCause = value;
    }

    /// <summary>Whether a synchronous request has ended and has its result.</summary>
    public bool IsDone => _done;

    /// <summary>The end is reported by the callback of a spec.</summary>
    public void EndWith(in RequestSpec spec)
    {
        if (spec.Completed is { } completed)
        {
            EndWith(completed, spec.Context, spec.Tag, spec.Operation.HasBuffer() ? CompletedCallback.BytesOf(spec.Regions) - (_oddEnd & (IoRegion.SectorSize - 1)) : 0);
            return;
        }

        EndWith(spec.Notify!, spec.Context);
    }

    /// <summary>The end is reported by a callback.</summary>
    public void EndWith(IoNotify notify, object? context)
    {
        _kind = _callbackKind;
        _notify = notify;
        _context = context;
    }

    /// <summary>The end is reported by a callback that gets more than the result.</summary>
    public void EndWith(IoCompleted completed, object? context, long tag, long bytes)
    {
        _kind = RequestKind.Completed;
        _notify = completed;
        _context = context;
        _tag = tag;
        _bytes = bytes;
    }

    /// <summary>On the fast path, of a request that is reset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetFastNotify(IoNotify notify, object? context)
    {
        _notify = notify;
        if (context is not null)
            _context = context;
    }

    public ValueTask<IoResult> EndWithTask(bool inline, Action notifyCancelled, CancellationToken cancellation)
    {
        _isReset = false;
        _kind = RequestKind.Task;
        _awaiter ??= new RequestAwaiter(this);
        return _awaiter.Begin(inline, notifyCancelled, cancellation);
    }

    /// <summary>The caller polls <see cref="IsDone"/>, or calls <see cref="WaitUntilDone"/> when <paramref name="sleeps"/>.</summary>
    public void EndSync(bool sleeps)
    {
        _isReset = false;
        _kind = RequestKind.Sync;
        _done = false;
        if (sleeps)
            (_doneEvent ??= new UninterruptedEvent()).Reset();
    }

    /// <summary>Sleeps until another thread's engine has ended the request. Has no time limit, because the kernel may use the buffer until then.</summary>
    public void WaitUntilDone() => _doneEvent!.Wait();

    /// <summary>Cancels the request. Any thread. The caller must then wake the engine's owner.</summary>
    public void RequestCancel() => _cancelRequested = true;

    /// <summary>Returns the request to its pool. The caller must hold the last reference.</summary>
    public void ReturnToPool() => pool!.Return(this);

    /// <summary>As <see cref="ReturnToPool"/>, after the result of an awaited request was taken.</summary>
    public void ReturnAwaitedToPool() => pool!.ReturnAwaited(this);

    /// <summary>Called by the engine when the last chunk has ended. The callback that runs here may submit again.</summary>
    /// <param name="freeRequests">The free list for a request with a callback; null to return it to its pool.</param>
    /// <param name="devices">The engine's devices.</param>
    public void Complete(RequestFreeList? freeRequests, DeviceTable? devices)
    {
        if (_kind != RequestKind.Callback)
        {
            CompleteOtherwise(freeRequests, devices);
            return;
        }

        Release(devices);
        IoNotify notify = Unsafe.As<IoNotify>(_notify!);
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

        // The result is read first: once the request is on the free list it may be reused, even on another thread.
        if ((_failed | _unsupported) == 0 && _stopCause == IoFailureCause.None)
        {
            freeRequests.Put(this);
            Notify(notify, in Success, context);
        }
        else
        {
            // The next user of this request must reset it.
            IoResult result = Result;
            _isReset = false;
            freeRequests.Put(this);
            Notify(notify, result, context);
        }

        freeRequests.EndCallback();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CompleteOtherwise(RequestFreeList? freeRequests, DeviceTable? devices)
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
        if (_kind is RequestKind.HandedOver or RequestKind.Completed && pool?.HandOver is { } handOver)
        {
            handOver.Add(this);
            return;
        }

        if (_kind == RequestKind.Completed)
        {
            RunCompleted(freeRequests);
            return;
        }

        _done = true;
        _doneEvent?.Set();
    }

    /// <summary>Runs the callback of a request that was handed over, on a thread that is not the engine's.</summary>
    public void RunHandedOver()
    {
        if (_kind == RequestKind.Completed)
        {
            RunCompleted(freeRequests: null);
            return;
        }

        IoNotify notify = Unsafe.As<IoNotify>(_notify!);
        object? context = _context;
        IoResult result = Result;
        _notify = null;
        _context = null;
        _isReset = false;
        ReturnToPool();
        Notify(notify, result, context);
    }

    private void RunCompleted(RequestFreeList? freeRequests)
    {
        IoCompleted completed = Unsafe.As<IoCompleted>(_notify!);
        object? context = _context;
        long tag = _tag;
        IoResult result = Result;
        long bytes = result.IsSuccess ? _bytes : 0;
        _notify = null;
        _context = null;
        _kind = _callbackKind;

        // After a success on the fast path it is as it was; otherwise its next user must reset it.
        _isReset &= result.IsSuccess && _stopCause == IoFailureCause.None;
        if (freeRequests is null)
            ReturnToPool();
        else
            freeRequests.Put(this);
        try
        {
            completed(result, bytes, context, tag);
        }
#pragma warning disable CA1031 // The caller's code may throw anything; the lane must continue; the exception is reported.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reporter.Report(exception);
        }

        freeRequests?.EndCallback();
    }

    /// <summary>An inline continuation runs here; an exception from it is reported like one from a callback.</summary>
    private void SetResult(RequestAwaiter awaiter, in IoResult result)
    {
        try
        {
            awaiter.SetResult(result);
        }
#pragma warning disable CA1031 // The caller's code may throw anything; the lane must continue; the exception is reported.
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
#pragma warning disable CA1031 // The caller's code may throw anything; the lane must continue; the exception is reported.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            reporter.Report(exception);
        }
    }
}

/// <summary>How the end of a request is reported.</summary>
internal enum RequestKind : byte
{
    /// <summary>By <see cref="IoNotify"/>.</summary>
    Callback,

    /// <summary>By <see cref="IoNotify"/>, on another thread: see <see cref="CallbackHandOver"/>.</summary>
    HandedOver,

    /// <summary>By <see cref="IoCompleted"/>, here or on another thread.</summary>
    Completed,

    /// <summary>By a <see cref="ValueTask{TResult}"/>.</summary>
    Task,

    /// <summary>To a thread that runs the engine itself, or sleeps until a lane has carried out the request.</summary>
    Sync,
}
