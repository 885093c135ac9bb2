namespace DmIoUring.Memory;

/// <summary>Reserves requests together with pages, in two phases. Any thread.</summary>
/// <remarks>Only <see cref="Prepare"/> can fail. The other methods never throw.</remarks>
internal interface IReserveParticipant
{
    /// <summary>How many requests are reserved with pages by default; never more than are available.</summary>
    int DefaultRequests(long pages);

    /// <summary>Prepares the requests of a reservation. Followed by <see cref="Commit"/> or <see cref="RollBack"/>.</summary>
    /// <exception cref="OutOfMemoryException">The host has too little memory; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">There would be too many requests; nothing has changed.</exception>
    void Prepare(int requests);

    void Commit(int requests);

    void RollBack(int requests);

    /// <summary>Ends a reservation's requests.</summary>
    void Unreserve(int requests);

    /// <summary>
    /// Makes idle engines take a turn, in which they look at the pool again. Called when memory of the pool was unmapped, which an idle ring would keep
    /// pinned, and when registrations have changed that a ring has missed. Any thread.
    /// </summary>
    void WakeRings();
}
