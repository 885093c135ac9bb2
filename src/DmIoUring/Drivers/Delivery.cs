namespace DmIoUring.Drivers;

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
