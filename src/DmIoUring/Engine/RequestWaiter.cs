using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>A thread that sleeps until it is given a request. A thread waits for one at a time, so it needs one of these only.</summary>
#pragma warning disable CA1001 // The event's WaitHandle is never asked for, and without one it holds nothing to dispose.
internal sealed class RequestWaiter
#pragma warning restore CA1001
{
    [ThreadStatic]
    private static RequestWaiter? _ofThisThread;

    private readonly ManualResetEventSlim _given = new(initialState: false, spinCount: 0);
    private Request? _request;

    /// <summary>The calling thread's, ready to wait.</summary>
    public static RequestWaiter OfThisThread()
    {
        RequestWaiter waiter = _ofThisThread ??= new RequestWaiter();
        waiter._given.Reset();
        return waiter;
    }

    public void Give(Request request)
    {
        _request = request;
        _given.Set();
    }

    /// <summary>Sleeps until given. An interrupt of the thread comes after: the request would be lost otherwise.</summary>
    public Request Sleep()
    {
        _given.WaitUninterrupted();
        Request request = _request!;
        _request = null;
        return request;
    }
}
