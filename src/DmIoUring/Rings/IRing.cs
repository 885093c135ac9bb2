using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// What the engine needs of a ring. A ring is a struct, so that the engine is compiled separately for each kind of ring and inlines its calls.
/// All members must be called on the owning thread.
/// </summary>
/// <remarks>
/// Every ring takes the kernel's submission entries: a ring that is not the kernel's reads the same fields.
/// </remarks>
internal unsafe interface IRing : IDisposable
{
    /// <summary>
    /// How many entries may be in flight at once. The completion queue holds at least that many, so it can't overflow
    /// while the engine respects the limit.
    /// </summary>
    int Capacity { get; }

    /// <summary>How many entries are carried out at once; more wait for those. Constant for a ring.</summary>
    int AtOnce { get; }

    /// <summary>Nanoseconds on the ring's own monotonic clock.</summary>
    long Now { get; }

    /// <summary>Calls of <see cref="Enter"/> that reached the kernel.</summary>
    long EnterCount { get; }

    /// <summary>How many entries <see cref="TryNext"/> gives before the queue must be submitted.</summary>
    int Room { get; }

    /// <summary>Whether entries were taken that are not submitted yet.</summary>
    bool HasQueued { get; }

    /// <summary>Whether a waiting <see cref="Enter"/> would poll devices now, instead of sleeping.</summary>
    bool IsPolling { get; }

    /// <summary>Whether the completions of a route's entries are polled for. Constant for a ring.</summary>
    bool Polls(EntryRoute route);

    /// <summary>
    /// The system calls for the second ring that NVMe commands need (<see cref="CommandRing"/>); null where this ring takes commands itself, by
    /// their address, as NVME_IOCTL_IO64_CMD does. Constant for a ring.
    /// </summary>
    RingCalls? CommandCalls { get; }

    /// <summary>Whether completions can be taken without entering.</summary>
    bool HasCompletions { get; }

    /// <summary>
    /// Makes the calling thread the ring's owner, and tests the round trip of an entry. Must be called once, before every other member, on the thread that
    /// will enter.
    /// </summary>
    /// <param name="register">
    /// Whether to register the ring with the thread. The registration keeps the ring alive until the thread gives it back
    /// or ends: only for a ring that its owner disposes.
    /// </param>
    /// <exception cref="IoUringUnavailableException">The host creates rings, and refuses to run them.</exception>
    void Enable(bool register);

    /// <summary>Whether the ring supports commands (IORING_OP_URING_CMD). A ring that does not answers EINVAL, like a device that does not.</summary>
    bool HasCommands { get; }

    /// <summary>Whether one entry can transfer scattered pieces of one registered buffer (READV_FIXED, WRITEV_FIXED).</summary>
    bool HasFixedVectors { get; }

    /// <summary>Makes an empty table of registered buffers. 0, or the negated errno.</summary>
    int RegisterBufferTable(int slots);

    /// <summary>Fills a slot of the table, or empties it when there is no memory. 0 or more, or the negated errno.</summary>
    int RegisterBuffer(int slot, byte* start, long length);

    /// <summary>
    /// Replaces the whole table of registered buffers by another ring's, which must have as many slots: the same pinned pages, counted once. Entries in
    /// flight keep the buffers that they name.
    /// </summary>
    /// <param name="source">The other ring's descriptor.</param>
    /// <returns>0, or the negated errno; then no slot has changed, or, of a ring that is two, those whose buffer differs may have in one of them.</returns>
    int CloneBuffers(int source);

    /// <summary>Makes an empty table of registered files. 0, or the negated errno.</summary>
    int RegisterFileTable(int slots);

    /// <summary>Fills a slot of the table, or empties it when the descriptor is -1. 0 or more, or the negated errno.</summary>
    int RegisterFile(int slot, int descriptor);

    /// <summary>
    /// Takes the next submission entry for a route. Its content is undefined: the caller must write all of it. Null when the queue is full:
    /// enter, then call again.
    /// </summary>
    IoUringSqe* TryNext(EntryRoute route);

    /// <summary>
    /// Submits every entry that was taken, then waits until <paramref name="minComplete"/> completions are there or
    /// <paramref name="timeout"/> nanoseconds have passed (negative: no limit). May return early, with fewer entries submitted or fewer
    /// completions (a signal, a kernel short of memory): the owner processes what is there and enters again.
    /// </summary>
    /// <returns>
    /// 0; or the negated errno of a ring that is lost: it is unknown which entries it has. Completions that are there can still be taken; then the ring
    /// must be closed (<see cref="Abandon"/>).
    /// </returns>
    /// <param name="minComplete">Completions to wait for; 0 not to wait.</param>
    /// <param name="timeout">Nanoseconds; negative for no limit.</param>
    /// <param name="minWait">
    /// Nanoseconds to wait for more than one completion: after that one is enough. 0 for no such time. A ring without this feature waits for one.
    /// </param>
    int Enter(uint minComplete, long timeout, long minWait);

    /// <summary>Closes a lost ring. It has no room, no completions, and answers every <see cref="Enter"/> with its errno from then on.</summary>
    /// <param name="teardowns">Receives one entry for each ring, which tells when the kernel no longer uses the memory of its entries.</param>
    void Abandon(ICollection<RingTeardown> teardowns);

    /// <summary>
    /// Copies completions out, in order, and frees their slots before any is processed, because processing one may submit again.
    /// </summary>
    int Take(Span<IoUringCqe> into);

    /// <summary>Carries out an entry at once, on the calling thread, by the equivalent system call.</summary>
    /// <returns>The result of its completion.</returns>
    int Execute(in IoUringSqe entry);

    /// <summary>How often the calling thread has slept so far, in <see cref="Execute"/> or elsewhere. A system call.</summary>
    long Sleeps { get; }
}

/// <summary>How the completion of an entry may be waited for. A ring without polling treats the first two alike.</summary>
internal enum EntryRoute : byte
{
    /// <summary>By polling the device (IORING_SETUP_IOPOLL): a small contiguous read or write on a device that is not known to refuse that.</summary>
    MayPoll,

    /// <summary>By interrupt: everything else. An IOPOLL ring answers EINVAL to it (io_issue_defs, io_uring/opdef.c).</summary>
    NoPoll,

    /// <summary>A command to an NVMe namespace. It uses another ring where this one takes no commands (<see cref="IRing.CommandCalls"/>).</summary>
    Command,

    /// <summary>Not at all: the owner makes the equivalent system call itself (<see cref="IRing.Execute"/>).</summary>
    Inline,
}
