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
    private readonly Lock _lock = new();
    private readonly PlaceStack _places = new();
    private readonly Queue<RequestWaiter> _waiters = new();
    private int _count;
    private int _waiting;
    private long _reserved;
    private long _overdrafts;

    /// <summary>How many requests there are, at rest and out.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Threads that wait for a request.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Requests made beyond the reserve, for callbacks that could not wait.</summary>
    public long Overdrafts => Interlocked.Read(ref _overdrafts);

    /// <summary>Takes a request; waits in line for one when the reserve is out.</summary>
    /// <param name="mayWait">False on a lane's thread, which would wait for itself: it gets one beyond the reserve.</param>
    public Request Take(bool mayWait) => TryTake(out Request? request) ? request : mayWait ? Wait() : Overdraw();

    /// <summary>Takes a request if that takes no waiting and passes nobody by.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Request? request)
    {
        request = null;
        if (Volatile.Read(ref _waiting) == 0 && _places.TryPop(out request))
            return true;
        return Volatile.Read(ref _waiting) == 0 && TryGrow(out request);
    }

    public void Return(Request request)
    {
        if (Volatile.Read(ref _reserved) != 0 && TryDrop(request))
            return;
        _places.Push(request);

        // Pushed first, then looked: who waits counts itself first and then looks for what was pushed.
        if (Volatile.Read(ref _waiting) != 0)
            ServeWaiters();
    }

    /// <summary>Sets how many requests there are, made at once; 0 for as many as needed.</summary>
    public void Reserve(long requests)
    {
        lock (_lock)
        {
            long reserved = Math.Min(requests, PlaceStack.Most);
            while (_count < reserved)
                _places.Push(Make());
            Volatile.Write(ref _reserved, reserved);
        }

        ServeWaiters();
    }

    private bool TryGrow([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Request? request)
    {
        request = null;
        if (Volatile.Read(ref _reserved) != 0)
            return false;
        lock (_lock)
            request = Make();
        return true;
    }

    private Request Overdraw()
    {
        Interlocked.Increment(ref _overdrafts);
        lock (_lock)
            return Make();
    }

    private Request Make()
    {
        Request request = new(reporter, this, _places.NewPlace());
        Volatile.Write(ref _count, _count + 1);
        return request;
    }

    /// <summary>Lets go of a request that is one too many for the reserve.</summary>
    private bool TryDrop(Request request)
    {
        if (Volatile.Read(ref _count) <= Volatile.Read(ref _reserved))
            return false;
        lock (_lock)
        {
            if (_reserved == 0 || _count <= _reserved)
                return false;
            Volatile.Write(ref _count, _count - 1);
            _places.FreePlace(request.Index);
            return true;
        }
    }

    private Request Wait()
    {
        RequestWaiter waiter = RequestWaiter.OfThisThread();
        lock (_lock)
        {
            _waiters.Enqueue(waiter);
            Interlocked.Increment(ref _waiting);
        }

        ServeWaiters();
        return waiter.Sleep();
    }

    private void ServeWaiters()
    {
        lock (_lock)
        {
            while (_waiters.Count > 0)
            {
                if (!_places.TryPop(out Request? request))
                {
                    if (_reserved != 0)
                        return;
                    request = Make();
                }

                Interlocked.Decrement(ref _waiting);
                _waiters.Dequeue().Give(request);
            }
        }
    }
}
