using DmIoUring.Engine;

namespace DmIoUring.Drivers;

/// <summary>
/// Hands requests from any thread to one owner, in order of arrival, without a lock and without memory of its own: the
/// requests are its links.
/// </summary>
/// <remarks>
/// One word holds all there is to know: the newest request, or one of two marks. Because the owner goes to sleep by the same
/// exchange that a submitter delivers by, one of the two always sees the other: no wake-up is lost and none is sent to
/// an owner that is awake.
/// </remarks>
internal sealed class Inbox
{
    private static readonly CallbackReporter NoReporter = new(handler: null);

    /// <summary>Stands for: empty, and the owner sleeps.</summary>
    private static readonly Request Asleep = new(NoReporter);

    /// <summary>Stands for: nothing is taken any more.</summary>
    private static readonly Request Closed = new(NoReporter);

    private Request? _newest;

    /// <summary>Delivers a request. Any thread.</summary>
    public Delivery Deliver(Request request) => Deliver(request, request);

    /// <summary>Delivers several requests at once, linked from the newest to the oldest. Any thread.</summary>
    public Delivery Deliver(Request latest, Request oldest) => Deliver(latest, oldest, Volatile.Read(ref _newest));

    /// <summary>The same by somebody who saw the newest request a while ago.</summary>
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

    /// <summary>Ends the owner's sleep, real or just announced. Any thread.</summary>
    /// <returns>Whether the owner must be woken.</returns>
    public bool Interrupt() => Interlocked.CompareExchange(ref _newest, null, Asleep) == Asleep;

    /// <summary>Takes all that was delivered, the oldest first. The owner.</summary>
    public Request? TakeAll()
    {
        Request? newest = Volatile.Read(ref _newest);
        if (newest is null || newest == Closed)
            return null;
        newest = Interlocked.Exchange(ref _newest, null);
        return newest == Asleep ? null : OldestFirst(newest);
    }

    /// <summary>Whether there is something to take. The owner, while it is awake.</summary>
    public bool HasDeliveries => Volatile.Read(ref _newest) is not null;

    /// <summary>Announces that the owner is about to sleep. The owner.</summary>
    /// <returns>Whether it may; not when something was delivered meanwhile.</returns>
    public bool TrySleep() => Interlocked.CompareExchange(ref _newest, Asleep, null) is null;

    /// <summary>Refuses all further requests. The owner.</summary>
    /// <returns>Whether it is closed; not when something was delivered meanwhile.</returns>
    public bool TryClose() => Interlocked.CompareExchange(ref _newest, Closed, null) is null;

    /// <summary>Turns a chain around.</summary>
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

/// <summary>What became of a request that was delivered to an <see cref="Inbox"/>.</summary>
internal enum Delivery
{
    /// <summary>The owner will see it.</summary>
    Taken,

    /// <summary>The owner will see it once it is woken, which is the deliverer's duty.</summary>
    WakeOwner,

    /// <summary>The inbox is closed; the request is the deliverer's still.</summary>
    Refused,
}
