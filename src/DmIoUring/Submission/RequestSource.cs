using System.Globalization;
using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Memory;

namespace DmIoUring.Submission;

/// <summary>Where a way in takes requests and pages from, and gives back what it could not hand over.</summary>
internal readonly struct RequestSource
{
    private readonly PagePool _pages;
    private readonly RequestPool? _pool;
    private readonly IoEngine? _engine;
    private readonly Request? _own;

    /// <summary>The requests of a client, for any thread.</summary>
    public RequestSource(RequestPool pool, PagePool pages)
    {
        _pool = pool;
        _pages = pages;
    }

    /// <summary>Those at the hand of an engine's owner, for its own thread.</summary>
    public RequestSource(IoEngine engine, PagePool pages)
    {
        _engine = engine;
        _pages = pages;
    }

    /// <summary>The one request of a synchronous ring, for its thread.</summary>
    public RequestSource(Request own, PagePool pages)
    {
        _own = own;
        _pages = pages;
    }

    /// <summary>The pool that stable copies are made in.</summary>
    public PagePool Pages => _pages;

    /// <summary>The devices of the engine that the calling thread owns and hands the request to; null on any other thread.</summary>
    public DeviceTable? Devices => _engine?.Devices;

    /// <summary>Takes a request.</summary>
    /// <returns>Null only under <see cref="WaitRule.Try"/>.</returns>
    public Request? Take(WaitRule rule)
    {
        if (_own is not null)
            return _own;
        Request? request;
        if (rule == WaitRule.Try)
            return _engine is null ? _pool!.TryTake(out request) ? request : null : _engine.FreeRequests!.TryTake(out request) ? request : null;
        return _engine is null ? _pool!.Take(mayWait: rule == WaitRule.Wait) : _engine.FreeRequests!.Take();
    }

    /// <summary>Takes back a request that was not handed over.</summary>
    public void Return(Request request)
    {
        _pool?.Return(request);
        _engine?.FreeRequests!.Return(request);
    }

    /// <summary>Rents pages for a stable copy.</summary>
    /// <returns>False only under <see cref="WaitRule.Try"/>.</returns>
    /// <exception cref="InvalidOperationException">More than is reserved; or they are not free and the caller can't wait.</exception>
    public bool TryRent(int pages, WaitRule rule, out PageList list)
    {
        if (rule == WaitRule.Wait)
        {
            list = _pages.RentUninterrupted(pages);
            return true;
        }

        if (_pages.TryRent(pages, out list))
            return true;

        // What the whole reserve can't hold never becomes free.
        _pages.ThrowIfUnsatisfiable(pages);
        return rule == WaitRule.Never
            ? throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"A stable copy takes {pages} pages, which are not free now, and a callback, or a reactor, can't wait for them. Reserve more, or submit later."))
            : false;
    }
}

/// <summary>What to do when the reserve has no request or no pages left.</summary>
internal enum WaitRule
{
    /// <summary>Wait in order of arrival.</summary>
    Wait,

    /// <summary>Give up, and say so by the return value.</summary>
    Try,

    /// <summary>
    /// The caller may be who gives them back: a request beyond the reserve is made, and pages that are not free are an exception.
    /// </summary>
    Never,
}
