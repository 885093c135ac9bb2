using System.Collections.Concurrent;
using DmIoUring.Engine;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Handles;

/// <summary>What asynchronous requests go to: a client or a reactor.</summary>
internal abstract unsafe class Submitter : IHandled
{
    /// <summary>So many functions have an object that is kept. A host that makes its functions at run time may have more; those get one for each request.</summary>
    private const int MaxKept = 256;

    private readonly ConcurrentDictionary<(nint Function, bool HasResult), Notification> _notifications = new();
    private Notification? _last;
    private volatile bool _isClosing;

    public nint Handle { get; set; }

    /// <summary>Where completions wait for dmio_poll; null where callbacks run at once.</summary>
    public CompletionQueue? Queue { get; protected init; }

    /// <summary>The object that calls a function of C: a program has few, and mostly the same again.</summary>
    public Notification NotificationOf(nint function, bool hasResult)
    {
        Notification? last = Volatile.Read(ref _last);
        return last is not null && last.Function == function && last.HasResult == hasResult ? last : Find(function, hasResult);
    }

    /// <summary>Whether a close has begun: nothing is submitted any more.</summary>
    public bool IsClosing => _isClosing;

    /// <summary>The rental that a page list is the whole of, where it is of the client's own pages.</summary>
    public virtual RentedPages? FindPages(CPageList* list) => null;

    // None is inlined: each call of dmio_async and dmio_reactor_submit would zero the locals of all of them, whatever the operation.
    public abstract void SubmitRead(in IoRegion region, in IoBuffer buffer, IoCompleted completed, object context, long tag);

    public abstract void SubmitWrite(ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoCompleted completed, object context, long tag, IoFlags flags);

    /// <summary>Submits any request.</summary>
    public abstract void Submit(in RequestSpec spec);

    /// <summary>Submits any request, or returns false where the reserve is exhausted.</summary>
    public abstract bool TrySubmit(in RequestSpec spec);

    /// <summary>The requests that have not ended.</summary>
    public abstract IReadOnlyList<IoPendingRequest> GetPendingRequests();

    protected void BeginClose()
    {
        _isClosing = true;
        Interlocked.MemoryBarrier();
    }

    private Notification Find(nint function, bool hasResult)
    {
        if (!_notifications.TryGetValue((function, hasResult), out Notification? found))
        {
            found = new Notification(function, hasResult, Queue);
            if (_notifications.Count < MaxKept)
                found = _notifications.GetOrAdd((function, hasResult), found);
        }

        Volatile.Write(ref _last, found);
        return found;
    }
}
