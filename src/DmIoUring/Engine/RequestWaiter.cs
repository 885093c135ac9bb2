using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <summary>A thread that sleeps until it gets a request. One object a thread: a thread waits for one request at a time.</summary>
internal sealed class RequestWaiter
{
    [ThreadStatic]
    private static RequestWaiter? _ofThisThread;

    private readonly UninterruptedEvent _given = new();
    private Request? _request;

    /// <summary>The calling thread's waiter, reset.</summary>
    public static RequestWaiter OfThisThread()
    {
        RequestWaiter waiter = _ofThisThread ??= new RequestWaiter();
        waiter._given.Reset();
        return waiter;
    }

    public void Grant(Request request)
    {
        _request = request;
        _given.Set();
    }

    /// <summary>Sleeps until a request is granted or the time has passed. In either case call <see cref="Sleep()"/> next.</summary>
    /// <returns>Whether one was granted.</returns>
    public bool Sleep(TimeSpan time) => _given.Wait(time);

    /// <summary>Sleeps until a request is granted. An interrupt of the thread is deferred, because the request would be lost otherwise.</summary>
    public Request Sleep()
    {
        _given.Wait();
        Request request = _request!;
        _request = null;
        return request;
    }
}
