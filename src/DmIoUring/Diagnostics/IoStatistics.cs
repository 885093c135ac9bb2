namespace DmIoUring;

/// <summary>What a client's lanes and synchronous rings have done since it was made. A snapshot; the counters are not read at one instant.</summary>
public sealed record IoStatistics
{
    /// <summary>Requests that have ended.</summary>
    public required long Requests { get; init; }

    /// <summary>Entries submitted to rings, retries included.</summary>
    public required long Entries { get; init; }

    /// <summary>Calls of io_uring_enter.</summary>
    public required long Enters { get; init; }

    /// <summary>Transfers that were continued after a short one.</summary>
    public required long ShortTransfers { get; init; }

    /// <summary>Entries issued again after EAGAIN or EINTR.</summary>
    public required long Retries { get; init; }

    /// <summary>
    /// Times that a request waited in its lane or reactor because its device had as many chunks as it takes at once: the places of its queue, or three
    /// quarters of <see cref="IoDriverOptions.QueueDepth"/> while other devices are used, too.
    /// </summary>
    public required long DeviceWaits { get; init; }

    /// <summary>
    /// Entries for which the kernel uses a worker thread, as far as that is known before they are submitted: transfers on a device with
    /// <see cref="DeviceAbilities.NeedsWorkers"/>, flushes, discards and zeroes. Not counted are transfers that turn out to block, such as writes to parts of a
    /// file that are not allocated yet (<see cref="BlockDevice.Allocate"/> avoids that). Without io_uring, every entry.
    /// </summary>
    public required long WorkerEntries { get; init; }

    /// <summary>Transfers that a lane, a reactor or a synchronous ring made by system calls, on devices with <see cref="DeviceAbilities.IsInline"/>.</summary>
    public required long InlineTransfers { get; init; }

    /// <summary>Flushes issued to rings: of <c>FlushAsync</c> and its like, before a write with <see cref="IoFlags.Preflush"/>, and after some with <see cref="IoFlags.Fua"/>.</summary>
    public required long Flushes { get; init; }

    /// <summary>Regions whose flush was another's: it was asked for before that had begun, or while one before it was in flight (group commit).</summary>
    public required long JoinedFlushes { get; init; }

    /// <summary>Times that a submitter had to wake a sleeping lane.</summary>
    public required long WakeUps { get; init; }

    /// <summary>Synchronous transfers that one preadv2 or pwritev2 did without a ring.</summary>
    public required long DirectTransfers { get; init; }

    /// <summary>Callbacks that threw.</summary>
    public required long CallbackExceptions { get; init; }

    /// <summary>
    /// The longest time that a lane spent, or has been spending, on processing one batch of completions, callbacks included: it shows a callback that blocks.
    /// </summary>
    public required TimeSpan LongestDispatch { get; init; }

    /// <summary>Requests that were allocated beyond the reserve for callbacks, which can't wait.</summary>
    public required long Overdrafts { get; init; }

    /// <summary>
    /// Synchronous requests that went through a lane: because their thread had no ring (<see cref="DmIoOptions.SyncRings"/>), or because a stable
    /// copy with a time limit (<see cref="IoDriverOptions.RequestTimeLimit"/>) may be abandoned in the kernel, and a lane must wait for it.
    /// </summary>
    public required long SyncOverLane { get; init; }

    /// <summary>
    /// Awaited requests that have ended and whose <see cref="ValueTask{TResult}"/> nobody has awaited yet, now. Each keeps a reserved
    /// request occupied: one that is never awaited occupies it for ever, and when all are occupied the next submit waits for ever.
    /// </summary>
    public required long UnawaitedResults { get; init; }
}
