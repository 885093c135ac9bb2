namespace DmIoUring;

/// <summary>How one request is done. The kernel's REQ_* flags of the same names.</summary>
[Flags]
public enum IoFlags
{
    /// <summary>Nothing beyond the operation itself.</summary>
    None = 0,

    /// <summary>
    /// Flushes each region's device first. A region's data is issued when a flush that began after the request was submitted has succeeded, and not at all when it
    /// failed (REQ_PREFLUSH, drivers/md/dm-io.c). Writes only. A region of no sectors is flushed: an empty flush.
    /// </summary>
    Preflush = 1,

    /// <summary>
    /// The data is on the medium when the request has ended (REQ_FUA), by RWF_DSYNC on every piece. On a block device with a volatile cache and
    /// without FUA the kernel flushes after each such piece, so there a region of several pieces is written without, and flushed once at the end; when
    /// that flush fails, or the request is stopped before it, all of the region has failed. Without io_uring so is a region of one piece. After a failed flush:
    /// <see cref="BlockDevice.Doubt"/>. Writes only.
    /// </summary>
    Fua = 2,

    /// <summary>
    /// Each region is written completely or not at all, also across a power failure (RWF_ATOMIC, 6.11): in one piece, whatever the chunk size is.
    /// Memory that the kernel does not accept for that (scattered, misaligned, or on more than 256 pages) is copied through a bounce buffer of
    /// the engine. A region that the device can't write atomically is <see cref="IoResult.Unsupported"/>, cause <see cref="IoFailureCause.NotAtomic"/>: it must be
    /// a power of two long and naturally aligned, within the device's limits (statx WRITE_ATOMIC), on a device open for direct I/O. Writes
    /// only.
    /// </summary>
    Atomic = 4,

    /// <summary>
    /// Writes a private copy, made in pool pages before the call returns: the buffer is free again when the submitting call returns, and changes
    /// to it can't make the regions differ. Writes only. Needs a reserve of at least the pages from the lowest byte of the buffer that a region
    /// uses to the highest.
    /// </summary>
    /// <remarks>
    /// Since the kernel uses none of the caller's memory, such a request ends as soon as it is cancelled or its time limit
    /// (<see cref="IoDriverOptions.RequestTimeLimit"/>) has passed, whatever the device does: with ECANCELED or ETIMEDOUT for what was not done by
    /// then. The kernel may still write the abandoned rest at any later time: treat the content of that region as unknown until
    /// <see cref="DmIoClient.GetPendingRequestsAsync"/> lists no abandoned request on its device any more. Until then the copy's pages stay rented,
    /// the device stays open, and the entries stay in the ring.
    /// </remarks>
    StableCopy = 8,
}
