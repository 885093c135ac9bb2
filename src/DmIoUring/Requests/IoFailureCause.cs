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
    /// A zone that must be written in order (<see cref="BlockDevice.SequentialFrom"/>). EINVAL, EOPNOTSUPP: a write that would need several
    /// pieces, a discard, or zeroes; nothing was issued. EIO: the device failed a write there, which is how the kernel answers one that is
    /// not at the zone's write pointer, and a bad medium.
    /// </summary>
    Zoned,

    /// <summary>
    /// io_uring_enter failed and left open whether this part was carried out, and the host gives no other ring. The errno is what the call
    /// answered. No reason to drop a mirror's leg: the device was not heard.
    /// </summary>
    RingLost,

    /// <summary>
    /// The host, not the device, could not carry it out: no memory (ENOMEM), no descriptor (EMFILE, ENFILE), no thread for what needs one (ECANCELED
    /// at a limit of processes), or a priority that this process may not have (EPERM). No reason to drop a mirror's leg.
    /// </summary>
    Host,

    /// <summary>
    /// The device is an NVMe namespace's character device, and what was asked for is no part of its commands: an I/O priority (EOPNOTSUPP). Nothing
    /// was issued.
    /// </summary>
    NotByCommand,

    /// <summary>
    /// The device is an NVMe namespace's character device, and this host's io_uring carries no commands to it (EOPNOTSUPP): that came with Linux
    /// 5.19, see IORING_SETUP_SQE128 in <see cref="IoCapabilities.Features"/>. The drive has seen nothing. The namespace's block device,
    /// or worker threads, serve instead.
    /// </summary>
    NoPassThrough,
}
