using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <summary>
/// Requests at rest. Any thread takes and returns them without a lock, as long as nobody waits; growing and waiting take one.
/// </summary>
/// <remarks>
/// Without a reserve it grows as needed, keeps as many as were ever out at once, and nothing of one whose owner never
/// took its result. With a reserve there are that many requests and no more: who finds none waits, in order of arrival.
/// </remarks>
internal sealed class RequestPool(CallbackReporter reporter)
{
    private readonly UninterruptedLock _lock = new();
    private readonly RequestStack _stack = new();
    private readonly Queue<RequestWaiter> _waiters = new();
    private int _count;
    private int _waiting;
    private int _reserved;

    /// <summary>Of reservations that are being made: what there is for them is not dropped meanwhile.</summary>
    private int _promised;

    /// <summary>Requests of reservations that are being made, linked, and how many.</summary>
    private Request? _prepared;
    private int _preparedCount;
    private long _overdrafts;
    private long _unawaited;

    /// <summary>How long a thread waits for a request before it says why that may be: devices are faster.</summary>
    public TimeSpan WarnAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Called before a request is made, for tests.</summary>
    public Action? BeforeMake { get; init; }

    /// <summary>How many requests there are, at rest and out.</summary>
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

    /// <summary>Requests made beyond the reserve, for callbacks that could not wait.</summary>
    public long Overdrafts => Interlocked.Read(ref _overdrafts);

    /// <summary>Awaited requests that have ended and whose result nobody has taken: each keeps its place in the reserve.</summary>
    public long UnawaitedResults => Interlocked.Read(ref _unawaited);

    /// <summary>Takes a request; waits in line for one when the reserve is out.</summary>
    /// <param name="mayWait">False on a lane's thread, which would wait for itself: it gets one beyond the reserve.</param>
    public Request Take(bool mayWait) => TryTake(out Request? request) ? request : mayWait ? Wait() : Overdraw();

    /// <summary>Takes a request if that takes no waiting and passes nobody by.</summary>
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

        // Pushed first, then looked: who waits counts itself first and then looks for what was pushed.
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

    /// <summary>Reserves some more, made at once.</summary>
    public void Reserve(int requests)
    {
        Prepare(requests);
        Commit(requests);
    }

    /// <summary>
    /// Makes what a reservation of some more needs. They count, and can be taken, from <see cref="Commit"/> on; <see cref="RollBack"/> is the
    /// other end.
    /// </summary>
    /// <exception cref="InvalidOperationException">There can't be that many; nothing has changed.</exception>
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
                // One at a time: others take and return meanwhile.
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

    /// <summary>What was prepared is there. Never throws.</summary>
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

    /// <summary>What was prepared is not needed. Never throws.</summary>
    public void RollBack(int requests)
    {
        using (_lock.Enter())
        {
            _promised -= requests;
            for (Request? made = TakePrepared(); made is not null; made = made.Next)
                _stack.FreeSlot(made.Index);
        }
    }

    /// <summary>Takes a reservation back, and lets go of as many of those at rest as are too many; of those that are out, when they return. Never throws.</summary>
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

    /// <summary>Lets go of a request that is out, and one too many for what is reserved.</summary>
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
        if (!waiter.Sleep(WarnAfter))
            WarnOfLongWait();
        return waiter.Sleep();
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

    /// <summary>One for a thread that waited for a reserve which is gone. Without memory it goes on waiting, for those that are out.</summary>
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

    private void WarnOfLongWait() => Trace.TraceWarning(string.Create(
        CultureInfo.InvariantCulture,
        $"DmIoUring: a submit has waited {WarnAfter.TotalSeconds} s for one of {Reserved} reserved requests. {UnawaitedResults} of them have ended and keep their place until their ValueTask is awaited; the others are under way."));

    [DoesNotReturn]
    private static void ThrowTooMany(int requests, int reserved) => throw new InvalidOperationException(string.Create(
        CultureInfo.InvariantCulture,
        $"{requests} requests can't be reserved: {reserved} are, and {RequestStack.MaxRequests} is the most. Reserve fewer, or give reservations back."));
}
