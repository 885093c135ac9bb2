using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// What the engine needs of a ring, and nothing more. A ring is a struct, so that the engine's copy of the code is
/// compiled for it alone and its calls are inlined. Only the engine's owner calls it.
/// </summary>
/// <remarks>
/// The kernel's submission entry is the common language: a ring that is not the kernel's reads the same fields.
/// </remarks>
internal unsafe interface IRing : IDisposable
{
    /// <summary>
    /// How many entries may be in flight at once. The completion queue holds at least that many, so it can't overflow
    /// while the engine keeps to it.
    /// </summary>
    int Capacity { get; }

    /// <summary>Nanoseconds on the ring's own monotonic clock.</summary>
    long Now { get; }

    /// <summary>Calls of <see cref="Enter"/> that reached the kernel.</summary>
    long EnterCount { get; }

    /// <summary>How many entries <see cref="TryNext"/> gives before the queue must be handed over.</summary>
    int Room { get; }

    /// <summary>Whether entries were taken that the kernel has not taken over yet.</summary>
    bool HasQueued { get; }

    /// <summary>Whether a waiting <see cref="Enter"/> would ask devices over and over now, instead of sleeping.</summary>
    bool IsPolling { get; }

    /// <summary>Whether the completions of a route's entries are asked for. The same for the ring's whole life.</summary>
    bool Polls(EntryRoute route);

    /// <summary>
    /// Who answers the system calls of the second ring that NVMe commands go by (<see cref="CommandRing"/>); null where this ring takes them itself,
    /// by their address, as NVME_IOCTL_IO64_CMD does. The same for the ring's whole life.
    /// </summary>
    RingCalls? CommandCalls { get; }

    /// <summary>Whether completions can be taken without entering.</summary>
    bool HasCompletions { get; }

    /// <summary>
    /// Makes the calling thread the ring's owner, and proves that entries go there and back. Once, before anything else, on the thread that will
    /// enter.
    /// </summary>
    /// <param name="register">
    /// Whether to register the ring with the thread. The registration keeps the ring alive until the thread gives it back
    /// or ends: only for a ring that its owner disposes.
    /// </param>
    /// <exception cref="IoUringUnavailableException">The host gives rings, and refuses to run them.</exception>
    void Enable(bool register);

    /// <summary>Whether the ring knows commands (IORING_OP_URING_CMD). One that does not answers EINVAL, like a device that can't.</summary>
    bool HasCommands { get; }

    /// <summary>Whether scattered pieces of one registered buffer can be transferred at once (READV_FIXED, WRITEV_FIXED).</summary>
    bool HasFixedVectors { get; }

    /// <summary>Makes an empty table of registered buffers. 0, or the negated errno. The owner.</summary>
    int RegisterBufferTable(int slots);

    /// <summary>Fills a slot of the table, or empties it when there is no memory. 0 or more, or the negated errno. The owner.</summary>
    int RegisterBuffer(int slot, byte* start, long length);

    /// <summary>Makes an empty table of registered files. 0, or the negated errno. The owner.</summary>
    int RegisterFileTable(int slots);

    /// <summary>Fills a slot of the table, or empties it when the descriptor is -1. 0 or more, or the negated errno. The owner.</summary>
    int RegisterFile(int slot, int descriptor);

    /// <summary>
    /// Takes the next submission entry of a route, with whatever an earlier one left in it: the caller writes all of it. Null when the queue is full:
    /// enter, then ask again.
    /// </summary>
    IoUringSqe* TryNext(EntryRoute route);

    /// <summary>
    /// Hands over every entry taken, then waits until <paramref name="minComplete"/> completions are there or
    /// <paramref name="timeout"/> nanoseconds have passed (negative: no limit). May return early with less done on
    /// either side (a signal, a kernel short of memory): the owner looks at what came and enters again.
    /// </summary>
    /// <returns>
    /// 0; or the negated errno of a ring that is lost: what it has of the entries is not known. Completions that are there can still be taken,
    /// nothing else works any more, and it is to be given up (<see cref="Abandon"/>).
    /// </returns>
    /// <param name="minComplete">Completions to wait for; 0 not to wait.</param>
    /// <param name="timeout">Nanoseconds; negative for no limit.</param>
    /// <param name="minWait">
    /// Nanoseconds to wait for more than one: past them one is enough. 0 for no such end. A ring that can't count so waits for one.
    /// </param>
    int Enter(uint minComplete, long timeout, long minWait);

    /// <summary>Closes a lost ring. It has no room, no completions, and answers every <see cref="Enter"/> with its errno from then on.</summary>
    /// <param name="teardowns">Gets what tells when nobody uses the memory of its entries any more.</param>
    void Abandon(ICollection<RingTeardown> teardowns);

    /// <summary>
    /// Copies completions out, in order, and frees their places before any is dispatched: what a completion leads to may
    /// submit again.
    /// </summary>
    int Take(Span<IoUringCqe> into);
}

/// <summary>How the completion of an entry may be waited for. A ring without polling takes both alike.</summary>
internal enum EntryRoute : byte
{
    /// <summary>The device may be asked for it (IORING_SETUP_IOPOLL): a small read or write, in one piece, on a device that is not known to refuse that.</summary>
    MayPoll,

    /// <summary>It arrives by itself: everything else. An IOPOLL ring answers EINVAL to it (io_issue_defs, io_uring/opdef.c).</summary>
    NoPoll,

    /// <summary>A command to an NVMe namespace. By another ring, where this one does not take such (<see cref="IRing.CommandCalls"/>).</summary>
    Command,
}
