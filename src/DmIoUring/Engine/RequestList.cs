namespace DmIoUring.Engine;

/// <summary>Requests in order of arrival, linked by <see cref="Request.Next"/>: a request is in one list at a time.</summary>
internal struct RequestList
{
    private Request? _last;

    /// <summary>The oldest; null when the list is empty.</summary>
    public Request? First { get; private set; }

    public void Append(Request request)
    {
        request.Next = null;
        if (First is null)
            First = request;
        else
            _last!.Next = request;
        _last = request;
    }

    /// <summary>Removes the oldest. The list must not be empty.</summary>
    public void RemoveFirst()
    {
        Request first = First!;
        First = first.Next;
        first.Next = null;
        if (First is null)
            _last = null;
    }

    /// <summary>Removes a request, if it is in the list.</summary>
    public bool TryRemove(Request request)
    {
        Request? before = null;
        Request? at = First;
        for (; at is not null && at != request; at = at.Next)
            before = at;
        if (at is null)
            return false;
        if (before is null)
            First = at.Next;
        else
            before.Next = at.Next;
        if (_last == at)
            _last = before;
        at.Next = null;
        return true;
    }

    /// <summary>Takes all of them, the oldest first, linked as they were.</summary>
    public Request? TakeAll()
    {
        Request? first = First;
        this = default;
        return first;
    }
}
