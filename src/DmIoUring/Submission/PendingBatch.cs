using DmIoUring.Engine;

namespace DmIoUring.Submission;

/// <summary>The prepared requests of a batch that are not submitted yet. Disposing it releases them.</summary>
internal ref struct PendingBatch(in RequestSource source)
{
    private readonly RequestSource _source = source;
    private Request? _latest;
    private Request? _oldest;

    public readonly bool IsEmpty => _latest is null;

    /// <summary>Prepares a request.</summary>
    /// <returns>False only under <see cref="WaitRule.Try"/>; nothing was taken then.</returns>
    public bool TryAdd(scoped in RequestSpec spec, WaitRule rule)
    {
        if (PendingRequest.Make(_source, spec, rule) is not { } request)
            return false;
        request.EndWith(spec);
        request.Next = _latest;
        _latest = request;
        _oldest ??= request;
        return true;
    }

    /// <summary>Removes all requests, linked from the newest to the oldest, for the caller to submit.</summary>
    public Request? TakeAll(out Request? oldest)
    {
        Request? latest = _latest;
        oldest = _oldest;
        _latest = null;
        _oldest = null;
        return latest;
    }

    public void Dispose()
    {
        RollBack(_source, _latest);
        _latest = null;
        _oldest = null;
    }

    /// <summary>Releases a chain of requests that could not be submitted.</summary>
    public static void RollBack(in RequestSource source, Request? latest)
    {
        for (Request? next; latest is not null; latest = next)
        {
            next = latest.Next;
            latest.Next = null;
            PendingRequest.RollBack(source, latest);
        }
    }
}
