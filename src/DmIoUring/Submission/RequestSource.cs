using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Telemetry;

namespace DmIoUring.Submission;

/// <summary>The source of requests and pages for a submission.</summary>
internal readonly struct RequestSource
{
    private readonly PagePool _pages;
    private readonly RequestPool? _pool;
    private readonly IoEngine? _engine;
    private readonly Request? _own;
    private readonly IoInstruments _instruments;

    /// <summary>The requests of a client, for any thread.</summary>
    public RequestSource(RequestPool pool, PagePool pages, IoInstruments instruments)
    {
        _instruments = instruments;
        _pool = pool;
        _pages = pages;
    }

    /// <summary>The free list of an engine; must be used on the owning thread.</summary>
    public RequestSource(IoEngine engine, PagePool pages)
    {
        _instruments = engine.Telemetry.Instruments;
        _engine = engine;
        _pages = pages;
    }

    /// <summary>The only request of a synchronous ring; must be used on its thread.</summary>
    public RequestSource(Request own, PagePool pages, IoInstruments instruments)
    {
        _instruments = instruments;
        _own = own;
        _pages = pages;
    }

    /// <summary>Whose devices a request may name; null for those of the kernel. Not for a synchronous ring, whose requests were checked.</summary>
    public object? Home => _engine is not null ? _engine.FreeRequests!.Home : _pool!.Home;

    /// <summary>When a request is submitted, if somebody asks.</summary>
    public long Submission => _instruments.Submission;

    /// <summary>The pool that stable copies are made in.</summary>
    public PagePool Pages => _pages;

    /// <summary>The devices of the engine, when the calling thread owns it; null for a client's pool and for a synchronous ring.</summary>
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

    /// <summary>Returns a request that was not submitted.</summary>
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

        // More pages than are reserved never become free.
        _pages.ThrowIfUnsatisfiable(pages);
        return rule == WaitRule.Never
            ? throw PageMisuse.NotFree(pages)
            : false;
    }
}

/// <summary>What to do when the reserve has no request or no pages left.</summary>
internal enum WaitRule
{
    /// <summary>Wait in order of arrival.</summary>
    Wait,

    /// <summary>Do not wait; return false or null.</summary>
    Try,

    /// <summary>
    /// Do not wait, because the caller may be the one that returns them: allocate a request beyond the reserve, and throw when no pages are free.
    /// </summary>
    Never,
}
