using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <summary>
/// The free requests of a client. Any thread takes and returns them without a lock while no thread waits; growing and waiting take a lock.
/// </summary>
/// <remarks>
/// Without a reserve it grows as needed, and keeps as many requests as were ever in use at once; a request whose result is never taken is garbage
/// collected. With a reserve there are exactly that many: a thread that finds none waits, in order of arrival.
/// </remarks>
internal sealed class RequestPool(CallbackReporter reporter)
{
    private readonly UninterruptedLock _lock = new();
    private readonly RequestStack _stack = new();
    private readonly Queue<RequestWaiter> _waiters = new();
    private int _count;
    private int _waiting;
    private int _reserved;

    /// <summary>Requests of reservations that are not committed: those that exist already are not dropped meanwhile.</summary>
    private int _promised;

    /// <summary>New requests for reservations that are not committed, linked, and how many.</summary>
    private Request? _prepared;
    private int _preparedCount;
    private long _overdrafts;
    private long _unawaited;

    /// <summary>Where callbacks run that the engine's owner does not run itself; null where it runs all.</summary>
    public CallbackHandOver? HandOver { get; init; }

    /// <summary>How long a thread waits for a request before it warns.</summary>
    public TimeSpan WarnAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whose devices the requests may name; null for those of the kernel.</summary>
    public object? Home { get; init; }

    /// <summary>Where it tells of waits.</summary>
    public DriverTelemetry Telemetry { get; init; } = DriverTelemetry.None;

    /// <summary>Called before a request is allocated, for tests.</summary>
    public Action? BeforeMake { get; init; }

    /// <summary>How many requests there are, free and in use.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many are reserved; 0 for as many as needed.</summary>
    public int Reserved => Volatile.Read(ref _reserved);

    /// <summary>How many more can be reserved.</summary>
    public int Left
    {
        get
        {
            using (_lock.Enter())
                return RequestStack.MaxRequests - _reserved - _promised;
        }
    }

    /// <summary>Threads that wait for a request.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Requests that were allocated beyond the reserve, for callbacks, which can't wait.</summary>
    public long Overdrafts => Interlocked.Read(ref _overdrafts);

    /// <summary>Awaited requests that have ended and whose result nobody has taken: each occupies a reserved request.</summary>
    public long UnawaitedResults => Interlocked.Read(ref _unawaited);

    /// <summary>Takes a request; waits, in order of arrival, when the reserve is exhausted.</summary>
    /// <param name="mayWait">False on a lane's thread, which would wait for itself: it gets one beyond the reserve.</param>
    public Request Take(bool mayWait) => TryTake(out Request? request) ? request : mayWait ? Wait() : Overdraw();

    /// <summary>Takes a request if one is free and no thread waits.</summary>
    public bool TryTake([NotNullWhen(true)] out Request? request)
    {
        request = null;
        if (Volatile.Read(ref _waiting) == 0 && _stack.TryPop(out request))
            return true;
        return Volatile.Read(ref _waiting) == 0 && TryGrow(out request);
    }

    public void Return(Request request)
    {
        if (Volatile.Read(ref _reserved) != 0 && TryDrop(request))
            return;
        _stack.Push(request);

        // Push before reading _waiting: a waiter increments _waiting before it looks at the stack, so one of the two sees the other.
        if (Volatile.Read(ref _waiting) != 0)
            ServeWaiters();
    }

    /// <summary>An awaited request has ended.</summary>
    public void CountUnawaited() => Interlocked.Increment(ref _unawaited);

    /// <summary>As <see cref="Return"/>, when the result of an awaited request was taken.</summary>
    public void ReturnAwaited(Request request)
    {
        Interlocked.Decrement(ref _unawaited);
        Return(request);
    }

    /// <summary>Adds a reservation, and allocates its requests at once.</summary>
    public void Reserve(int requests)
    {
        Prepare(requests);
        Commit(requests);
    }

    /// <summary>
    /// Allocates the requests of a new reservation. They can be taken after <see cref="Commit"/>; <see cref="RollBack"/> drops them.
    /// </summary>
    /// <exception cref="InvalidOperationException">There would be too many; nothing has changed.</exception>
    public void Prepare(int requests)
    {
        int missing;
        using (_lock.Enter())
        {
            int reserved = _reserved + _promised;
            if (requests > RequestStack.MaxRequests - reserved)
                ThrowTooMany(requests, reserved);
            missing = Math.Max(0, reserved + requests - _count - _preparedCount);
            _promised += requests;
        }

        try
        {
            for (; missing > 0; missing--)
            {
                // One at a time, so that other threads can take and return requests meanwhile.
                Request request = MakeOne();
                using (_lock.Enter())
                {
                    request.Next = _prepared;
                    _prepared = request;
                    _preparedCount++;
                }
            }
        }
        catch
        {
            RollBack(requests);
            throw;
        }
    }

    /// <summary>Makes a prepared reservation effective. Never throws.</summary>
    public void Commit(int requests)
    {
        Request? made;
        using (_lock.Enter())
        {
            _promised -= requests;
            Volatile.Write(ref _reserved, _reserved + requests);
            Volatile.Write(ref _count, _count + _preparedCount);
            made = TakePrepared();
        }

        for (Request? next; made is not null; made = next)
        {
            next = made.Next;
            made.Next = null;
            _stack.Push(made);
        }

        ServeWaiters();
    }

    /// <summary>Drops a prepared reservation. Never throws.</summary>
    public void RollBack(int requests)
    {
        using (_lock.Enter())
        {
            _promised -= requests;
            for (Request? made = TakePrepared(); made is not null; made = made.Next)
                _stack.FreeSlot(made.Index);
        }
    }

    /// <summary>Ends a reservation, and drops as many free requests as are then too many; those in use are dropped when they return. Never throws.</summary>
    public void Unreserve(int requests)
    {
        using (_lock.Enter())
            Volatile.Write(ref _reserved, _reserved - requests);
        for (; requests > 0 && _stack.TryPop(out Request? request); requests--)
        {
            if (TryDrop(request))
                continue;
            Return(request);
            break;
        }

        ServeWaiters();
    }

    private bool TryGrow([NotNullWhen(true)] out Request? request)
    {
        request = null;
        if (Volatile.Read(ref _reserved) != 0)
            return false;
        request = MakeCounted();
        return true;
    }

    private Request Overdraw()
    {
        Request request = MakeCounted();
        Interlocked.Increment(ref _overdrafts);
        return request;
    }

    private Request MakeCounted()
    {
        Request request = MakeOne();
        using (_lock.Enter())
            Volatile.Write(ref _count, _count + 1);
        return request;
    }

    private Request MakeOne()
    {
        BeforeMake?.Invoke();
        int slot;
        using (_lock.Enter())
            slot = _stack.AllocateSlot();
        try
        {
            return new Request(reporter, this, slot);
        }
        catch (OutOfMemoryException)
        {
            using (_lock.Enter())
                _stack.FreeSlot(slot);
            throw;
        }
    }

    private Request? TakePrepared()
    {
        Request? prepared = _prepared;
        _prepared = null;
        _preparedCount = 0;
        return prepared;
    }

    /// <summary>Drops a request that is not on the stack, if there are more than are reserved.</summary>
    private bool TryDrop(Request request)
    {
        if (Volatile.Read(ref _count) <= Volatile.Read(ref _reserved))
            return false;
        using (_lock.Enter())
        {
            if (_count <= _reserved + _promised)
                return false;
            Volatile.Write(ref _count, _count - 1);
            _stack.FreeSlot(request.Index);
            return true;
        }
    }

    private Request Wait()
    {
        RequestWaiter waiter = RequestWaiter.OfThisThread();
        using (_lock.Enter())
        {
            _waiters.Enqueue(waiter);
            Interlocked.Increment(ref _waiting);
        }

        ServeWaiters();
        long since = Stopwatch.GetTimestamp();
        if (!waiter.Sleep(WarnAfter))
            Telemetry.ReserveExhausted(Reserved, UnawaitedResults, WarnAfter);
        Request request = waiter.Sleep();
        Telemetry.ReserveWaited("requests", since);
        return request;
    }

    private void ServeWaiters()
    {
        using (_lock.Enter())
        {
            while (_waiters.Count > 0)
            {
                if (!_stack.TryPop(out Request? request) && !TryMakeForWaiter(out request))
                    return;
                Interlocked.Decrement(ref _waiting);
                _waiters.Dequeue().Grant(request);
            }
        }
    }

    /// <summary>A new request for a waiting thread when no reservation is left. Without memory the thread keeps waiting for a request in use.</summary>
    private bool TryMakeForWaiter([NotNullWhen(true)] out Request? request)
    {
        request = null;
        if (_reserved != 0)
            return false;
        try
        {
            request = MakeCounted();
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or InvalidOperationException)
        {
            return false;
        }
    }

    [DoesNotReturn]
    private static void ThrowTooMany(int requests, int reserved) => throw new InvalidOperationException(string.Create(
        CultureInfo.InvariantCulture,
        $"{requests} requests can't be reserved: {reserved} are, and {RequestStack.MaxRequests} is the most. Reserve fewer, or give reservations back."));
}
