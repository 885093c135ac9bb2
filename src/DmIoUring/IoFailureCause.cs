namespace DmIoUring;

/// <summary>Who said that a region failed.</summary>
public enum IoFailureCause : byte
{
    /// <summary>Nothing failed.</summary>
    None,

    /// <summary>The kernel or the device reported the errno.</summary>
    Device,

    /// <summary>The region goes beyond the device's end (EIO); nothing was issued to it. The kernel's bio_check_eod, block/blk-core.c.</summary>
    BeyondEnd,

    /// <summary>The region is off the device's logical block (EINVAL); nothing was issued to it.</summary>
    Misaligned,

    /// <summary>A write to a device that was opened for reading (EROFS); nothing was issued to it.</summary>
    ReadOnly,

    /// <summary>The device ended in the middle of the transfer: it transferred 0 bytes where there should be more (EIO).</summary>
    EndedEarly,

    /// <summary>The kernel asked again and again to come back later (EAGAIN, EINTR), past the bound.</summary>
    RetriesExhausted,

    /// <summary>The request was cancelled before this part of it was done (ECANCELED).</summary>
    Cancelled,

    /// <summary>The request's time limit passed before this part of it was done (ETIMEDOUT).</summary>
    TimedOut,

    /// <summary>The region can't be written atomically as it is: not a power of two, not naturally aligned, or outside the device's limits (EINVAL); or the device has no atomic writes (EOPNOTSUPP).</summary>
    NotAtomic,

    /// <summary>
    /// The device is an NVMe namespace's character device, and what was asked for is no part of its commands: an I/O priority (EOPNOTSUPP). Nothing
    /// was issued.
    /// </summary>
    NotByCommand,
}
