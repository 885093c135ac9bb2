using DmIoUring.Engine;

namespace DmIoUring.Drivers;

/// <summary>
/// A lock-free queue of requests from any thread to one owner, in order of arrival. The requests themselves are its links.
/// </summary>
/// <remarks>
/// One word holds the newest request, or one of two marks. The owner announces its sleep by a compare-and-exchange of the same word that a
/// submitter uses, so one of the two always sees the other: no wake-up is lost, and none is sent to an owner that is awake.
/// </remarks>
internal sealed class Inbox
{
    private static readonly CallbackReporter NoReporter = new(handler: null);

    /// <summary>The mark for: empty, and the owner sleeps.</summary>
    private static readonly Request Asleep = new(NoReporter);

    /// <summary>The mark for: closed.</summary>
    private static readonly Request Closed = new(NoReporter);

    private Request? _newest;

    /// <summary>Delivers a request. Any thread.</summary>
    public Delivery Deliver(Request request) => Deliver(request, request);

    /// <summary>Delivers several requests at once, linked from the newest to the oldest. Any thread.</summary>
    public Delivery Deliver(Request latest, Request oldest) => Deliver(latest, oldest, Volatile.Read(ref _newest));

    /// <summary>The same with a value of the newest request that was read earlier; for tests.</summary>
    internal Delivery Deliver(Request latest, Request oldest, Request? newest)
    {
        while (newest != Closed)
        {
            bool asleep = newest == Asleep;
            oldest.Next = asleep ? null : newest;
            Request? seen = Interlocked.CompareExchange(ref _newest, latest, newest);
            if (seen == newest)
                return asleep ? Delivery.WakeOwner : Delivery.Taken;
            newest = seen;
        }

        // An attempt that failed has linked it to requests that are not the caller's to roll back.
        oldest.Next = null;
        return Delivery.Refused;
    }

    /// <summary>Ends the owner's sleep, or its announcement. Any thread.</summary>
    /// <returns>Whether the owner must be woken.</returns>
    public bool Interrupt() => Interlocked.CompareExchange(ref _newest, null, Asleep) == Asleep;

    /// <summary>Takes all delivered requests, oldest first. Must be called on the owning thread.</summary>
    public Request? TakeAll()
    {
        Request? newest = Volatile.Read(ref _newest);
        if (newest is null || newest == Closed)
            return null;
        newest = Interlocked.Exchange(ref _newest, null);
        return newest == Asleep ? null : OldestFirst(newest);
    }

    /// <summary>Whether there are delivered requests. Must be called on the owning thread, while it is awake.</summary>
    public bool HasDeliveries => Volatile.Read(ref _newest) is not null;

    /// <summary>Announces that the owner is about to sleep. Must be called on the owning thread.</summary>
    /// <returns>Whether it may; false when a request was delivered meanwhile.</returns>
    public bool TrySleep() => Interlocked.CompareExchange(ref _newest, Asleep, null) is null;

    /// <summary>Refuses all further requests. Must be called on the owning thread.</summary>
    /// <returns>Whether it is closed; false when a request was delivered meanwhile.</returns>
    public bool TryClose() => Interlocked.CompareExchange(ref _newest, Closed, null) is null;

    /// <summary>Reverses a chain.</summary>
    public static Request? OldestFirst(Request? newest)
    {
        Request? oldest = null;
        while (newest is not null)
        {
            Request? next = newest.Next;
            newest.Next = oldest;
            oldest = newest;
            newest = next;
        }

        return oldest;
    }
}

/// <summary>The result of delivering a request to an <see cref="Inbox"/>.</summary>
internal enum Delivery
{
    /// <summary>The owner will see it.</summary>
    Taken,

    /// <summary>The owner sleeps: the caller must wake it.</summary>
    WakeOwner,

    /// <summary>The inbox is closed; the request still belongs to the caller.</summary>
    Refused,
}
