namespace DmIoUring.Memory;

/// <summary>What is reserved together with pages: requests. Any thread.</summary>
/// <remarks>Whatever can fail is done by <see cref="Prepare"/>. The other methods never throw: what they belong to has happened.</remarks>
internal interface IReserveParticipant
{
    /// <summary>How many requests come with pages when the caller does not say. Never more than can be had.</summary>
    int DefaultRequests(long pages);

    /// <summary>Makes the requests of a reservation to come. Ended by <see cref="Commit"/> or <see cref="RollBack"/>.</summary>
    /// <exception cref="OutOfMemoryException">The host has not that much; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">That many can't be had; nothing has changed.</exception>
    void Prepare(int requests);

    void Commit(int requests);

    void RollBack(int requests);

    /// <summary>A reservation's requests are not needed any more.</summary>
    void Unreserve(int requests);

    /// <summary>Memory of the pool's went back to the system: a ring that is idle would keep it pinned.</summary>
    void MemoryReleased();
}
