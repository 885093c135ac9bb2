using DmIoUring.Threading;

namespace DmIoUring.Engine;

/// <summary>A thread that sleeps until it is given a request. A thread waits for one at a time, so it needs one of these only.</summary>
internal sealed class RequestWaiter
{
    [ThreadStatic]
    private static RequestWaiter? _ofThisThread;

    private readonly UninterruptedEvent _given = new();
    private Request? _request;

    /// <summary>The calling thread's, ready to wait.</summary>
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

    /// <summary>Sleeps until given, or for a while; then <see cref="Sleep()"/> has it, or goes on.</summary>
    /// <returns>Whether it was given.</returns>
    public bool Sleep(TimeSpan time) => _given.Wait(time);

    /// <summary>Sleeps until given. An interrupt of the thread comes after: the request would be lost otherwise.</summary>
    public Request Sleep()
    {
        _given.Wait();
        Request request = _request!;
        _request = null;
        return request;
    }
}
