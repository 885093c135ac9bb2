namespace DmIoUring;

/// <summary>Why a region failed.</summary>
public enum IoFailureCause : byte
{
    /// <summary>Nothing failed.</summary>
    None,

    /// <summary>The kernel or the device reported the errno.</summary>
    Device,

    /// <summary>The region goes beyond the device's end (EIO); nothing was issued to it. The kernel's bio_check_eod, block/blk-core.c.</summary>
    BeyondEnd,

    /// <summary>The region does not start and end on the device's logical blocks (EINVAL); nothing was issued to it.</summary>
    Misaligned,

    /// <summary>A write to a device that was opened for reading (EROFS); nothing was issued to it.</summary>
    ReadOnly,

    /// <summary>The device ended in the middle of the transfer: it transferred 0 bytes where there should be more (EIO).</summary>
    EndedEarly,

    /// <summary>The kernel answered EAGAIN or EINTR to every retry, up to the limit.</summary>
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
    /// answered. No reason to drop a mirror's leg: the device did not report anything.
    /// </summary>
    RingLost,

    /// <summary>
    /// The host, not the device, could not carry it out: no memory (ENOMEM), no descriptor (EMFILE, ENFILE), no thread for what needs one (ECANCELED
    /// at a limit of processes), or a priority that this process may not have (EPERM). No reason to drop a mirror's leg.
    /// </summary>
    Host,

    /// <summary>
    /// The device is an NVMe namespace's character device, and its commands do not have what was asked for: an I/O priority (EOPNOTSUPP). Nothing
    /// was issued.
    /// </summary>
    NotByCommand,

    /// <summary>
    /// The device is an NVMe namespace's character device, and this host's io_uring carries no commands to it (EOPNOTSUPP): that came with Linux
    /// 5.19, see IORING_SETUP_SQE128 in <see cref="IoCapabilities.Features"/>. Nothing was sent to the drive. Use the namespace's block device,
    /// or worker threads, instead.
    /// </summary>
    NoPassThrough,

    /// <summary>
    /// A flush of the device has failed, so that nothing can be promised to be durable (EIO): see <see cref="BlockDevice.Doubt"/>. Where the flush had failed before the
    /// request was submitted, nothing was issued to the region.
    /// </summary>
    InDoubt,
}
