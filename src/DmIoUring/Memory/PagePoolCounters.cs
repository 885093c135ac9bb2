namespace DmIoUring.Memory;

/// <summary>The pool at one instant, in pages.</summary>
/// <param name="Capacity">What is mapped: at least what is reserved.</param>
/// <param name="Reserved">The sum of the reservations.</param>
/// <param name="Rented">What is out; more than is reserved after a reservation was given back under it.</param>
/// <param name="Waiting">Renters in the queue (not pages).</param>
internal readonly record struct PagePoolCounters(long Capacity, long Reserved, long Rented, int Waiting)
{
    /// <summary>What a renter can have at once.</summary>
    public long Free => Math.Max(0, Reserved - Rented);
}
