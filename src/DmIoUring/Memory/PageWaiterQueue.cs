using System.Diagnostics;

namespace DmIoUring.Memory;

/// <summary>A queue of waiting renters, linked through themselves, in order of arrival. Guarded by the pool's lock.</summary>
internal struct PageWaiterQueue
{
    private PageWaiter? _last;

    public PageWaiter? First { get; private set; }

    public int Count { get; private set; }

    public void Append(PageWaiter waiter)
    {
        waiter.Next = null;
        waiter.Previous = _last;
        if (_last is null)
            First = waiter;
        else
            _last.Next = waiter;
        _last = waiter;
        Count++;
    }

    public void Remove(PageWaiter waiter)
    {
        Debug.Assert(waiter == First || waiter.Previous is not null, "It is not in the queue.");
        if (waiter.Previous is null)
            First = waiter.Next;
        else
            waiter.Previous.Next = waiter.Next;
        if (waiter.Next is null)
            _last = waiter.Previous;
        else
            waiter.Next.Previous = waiter.Previous;
        waiter.Next = null;
        waiter.Previous = null;
        Count--;
    }
}
