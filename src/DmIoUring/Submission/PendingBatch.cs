using DmIoUring.Engine;

namespace DmIoUring.Submission;

/// <summary>Requests of a batch that are ready and not handed over yet; disposed, it gives them all back.</summary>
internal ref struct PendingBatch(in RequestSource source)
{
    private readonly RequestSource _source = source;
    private Request? _latest;
    private Request? _oldest;

    public readonly bool IsEmpty => _latest is null;

    /// <summary>Makes a request ready.</summary>
    /// <returns>False only under <see cref="WaitRule.Try"/>; nothing was taken then.</returns>
    public bool TryAdd(scoped in RequestSpec spec, WaitRule rule)
    {
        if (PendingRequest.Make(_source, spec, rule) is not { } request)
            return false;
        request.EndWith(spec.Notify!, spec.Context);
        request.Next = _latest;
        _latest = request;
        _oldest ??= request;
        return true;
    }

    /// <summary>Takes all of them out, linked from the newest to the oldest: they are the caller's to hand over.</summary>
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

    /// <summary>Gives back a chain of requests that could not be handed over.</summary>
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
