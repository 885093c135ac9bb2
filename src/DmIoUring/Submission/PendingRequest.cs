using DmIoUring.Engine;

namespace DmIoUring.Submission;

/// <summary>
/// A request that is being put together: it takes pages, a request, memory and devices, in this order, and gives back whatever it has when it is
/// disposed before it was handed on.
/// </summary>
/// <remarks>
/// Pages come first because only a thread that has no request may wait for them: a request always comes back when its I/O has ended, but pages
/// may come back only after the one who rented them got a request.
/// </remarks>
internal ref struct PendingRequest
{
    private readonly RequestSource _source;
    private PageList _copy;
    private Request? _request;

    private PendingRequest(in RequestSource source) => _source = source;

    /// <summary>Checks what is asked for and makes a request of it.</summary>
    /// <param name="source">Where it takes from.</param>
    /// <param name="spec">What is asked for.</param>
    /// <param name="rule">What to do when the reserve is out.</param>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <inheritdoc cref="Make" path="/returns"/>
    /// <inheritdoc cref="Make" path="/exception"/>
    public static Request? Admit(in RequestSource source, scoped in RequestSpec spec, WaitRule rule)
    {
        using PendingRequest pending = new(source);
        Admission.Check(spec);
        return pending.TryTake(spec, rule) ? pending.Commit() : null;
    }

    /// <summary>Makes a request of what was checked. Nothing is left of it when this throws.</summary>
    /// <returns>A request that has all it needs; null only under <see cref="WaitRule.Try"/>.</returns>
    /// <exception cref="InvalidOperationException">There are no pages for a stable copy, and no waiting for them.</exception>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed.</exception>
    public static Request? Make(in RequestSource source, scoped in RequestSpec spec, WaitRule rule)
    {
        using PendingRequest pending = new(source);
        return pending.TryTake(spec, rule) ? pending.Commit() : null;
    }

    /// <summary>Gives back a request that was made and could not be handed over.</summary>
    public static void RollBack(in RequestSource source, Request request)
    {
        request.Release(source.Devices);
        request.Reset();
        source.Return(request);
    }

    public void Dispose()
    {
        // Empty once it is in the request's keeping.
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
        return true;
    }

    private Request Commit()
    {
        Request request = _request!;
        _request = null;
        return request;
    }
}
