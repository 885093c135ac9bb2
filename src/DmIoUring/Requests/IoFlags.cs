namespace DmIoUring;

/// <summary>How one request is done. The kernel's REQ_* flags of the same names.</summary>
[Flags]
public enum IoFlags
{
    /// <summary>Nothing beyond the operation itself.</summary>
    None = 0,

    /// <summary>
    /// Flushes each region's device first; a region's data is issued when its own flush has ended well, and not at all when it
    /// failed (REQ_PREFLUSH, drivers/md/dm-io.c). Writes only. A region of no sectors is flushed: an empty flush.
    /// </summary>
    Preflush = 1,

    /// <summary>The data is on the medium when the request has ended (REQ_FUA), by RWF_DSYNC on every piece. Writes only.</summary>
    Fua = 2,

    /// <summary>
    /// Each region is written whole or not at all, also across a power cut (RWF_ATOMIC, 6.11): in one piece, however large a chunk is. Memory that
    /// the kernel does not take so (in several pieces, misaligned, or on more than 256 pages) travels through a private copy of the
    /// engine's. A region that the device can't write so is <see cref="IoResult.Unsupported"/>, cause <see cref="IoFailureCause.NotAtomic"/>: it must be
    /// a power of two long and naturally aligned, within the device's limits (statx WRITE_ATOMIC), on a device open for direct I/O. Writes
    /// only.
    /// </summary>
    Atomic = 4,

    /// <summary>
    /// Writes a private copy, made in pool pages before the call returns: the buffer is free again when a submitting call
    /// returns, and what happens to it then can't leave the legs different. Writes only. Needs a reserve
    /// of at least the pages from the lowest byte of the buffer that a region uses to the highest.
    /// </summary>
    /// <remarks>
    /// Since the kernel has nothing of the caller's, such a request ends when it is cancelled or its time is up
    /// (<see cref="IoDriverOptions.RequestTimeLimit"/>), whatever the device does: with ECANCELED or ETIMEDOUT for what was not done by then. What the
    /// kernel has of it then it may still write, at any later time: a leg that such a write failed on is to be taken for unknown
    /// there until <see cref="DmIoClient.GetPendingRequestsAsync"/> has no abandoned request on it any more. Until then the copy's pages stay rented,
    /// the device stays open, and the entries keep their places in the ring.
    /// </remarks>
    StableCopy = 8,
}
