using DmIoUring.Engine;

namespace DmIoUring.Submission;

/// <summary>
/// A request that is being prepared: it takes pages, a request, memory and devices, in this order. Disposing it before <see cref="Commit"/> releases
/// what it has.
/// </summary>
/// <remarks>
/// Pages come first, because a thread that has a request must not wait for pages: a request always returns when its I/O has ended, but rented pages
/// may return only after their renter got a request.
/// </remarks>
internal ref struct PendingRequest
{
    private readonly RequestSource _source;
    private PageList _copy;
    private Request? _request;

    private PendingRequest(in RequestSource source) => _source = source;

    /// <summary>Checks the arguments and prepares a request.</summary>
    /// <param name="source">The source of requests and pages.</param>
    /// <param name="spec">The arguments.</param>
    /// <param name="rule">What to do when the reserve is exhausted.</param>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <inheritdoc cref="Make" path="/returns"/>
    /// <inheritdoc cref="Make" path="/exception"/>
    public static Request? Admit(in RequestSource source, scoped in RequestSpec spec, WaitRule rule)
    {
        using PendingRequest pending = new(source);
        Admission.Check(spec, source.Home);
        return pending.TryTake(spec, rule) ? pending.Commit() : null;
    }

    /// <summary>Prepares a request from checked arguments. When it throws, it has released everything.</summary>
    /// <returns>The prepared request; null only under <see cref="WaitRule.Try"/>.</returns>
    /// <exception cref="InvalidOperationException">There are no free pages for a stable copy, and the caller can't wait.</exception>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed.</exception>
    public static Request? Make(in RequestSource source, scoped in RequestSpec spec, WaitRule rule)
    {
        using PendingRequest pending = new(source);
        return pending.TryTake(spec, rule) ? pending.Commit() : null;
    }

    /// <summary>Releases a prepared request that could not be submitted.</summary>
    public static void RollBack(in RequestSource source, Request request)
    {
        request.Release(source.Devices);
        request.Reset();
        source.Return(request);
    }

    public void Dispose()
    {
        // Empty once the request owns the pages.
        _copy.Dispose();
        _copy = default;
        if (_request is { } request)
            RollBack(_source, request);
        _request = null;
    }

    private bool TryTake(scoped in RequestSpec spec, WaitRule rule)
    {
        (long start, long length) = spec.CopyRange();
        int pages = checked((int)((length + PageList.PageSize - 1) / PageList.PageSize));
        if (pages > 0 && !_source.TryRent(pages, rule, out _copy))
            return false;
        _request = _source.Take(rule);
        if (_request is null)
            return false;
        if (pages > 0)
        {
            _request.TakeCopy(_copy, start, length);
            _copy = default;
        }

        _request.Prepare(spec, _source.Devices);
        _request.Submitted = _source.Submission;
        return true;
    }

    private Request Commit()
    {
        Request request = _request!;
        _request = null;
        return request;
    }
}
