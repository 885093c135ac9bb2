using DmIoUring.Devices;

namespace DmIoUring;

/// <content>What is known of the device's flushes.</content>
public sealed partial class BlockDevice
{
    /// <summary>
    /// Which writes may be lost because a flush of this device failed; <see langword="null"/> while none has, and after <see cref="AcknowledgeDoubt"/>. Any thread.
    /// </summary>
    /// <remarks>
    /// <para>After a failed flush a later one may end well although data is lost: a file system reports a write-back error once and drops the data
    /// (errseq_check_and_advance, lib/errseq.c), and what a drive has done with its cache is unknown. So while there is a doubt nothing that promises durability
    /// ends well: flushes, and writes with <see cref="IoFlags.Preflush"/> or <see cref="IoFlags.Fua"/>, fail with EIO and cause
    /// <see cref="IoFailureCause.InDoubt"/>, and nothing of them is issued. Those that were in flight when the flush failed fail likewise. Other reads and writes
    /// go on.</para>
    /// <para>What counts as a failed flush: a flush that ended with an error other than EOPNOTSUPP or EINVAL, or whose result is unknown because a ring was lost; and
    /// a failed FUA write to anything but a block device with FUA or without a volatile cache, because that may have been its flush.</para>
    /// <para>All objects that this process has open on the same device or file share it; it ends with the last of them. Other processes know nothing of it, and two lanes or reactors that flush one
    /// device at the same time may learn of a failure in any order: a flush may be reported as successful a moment before the doubt, and
    /// <see cref="FlushDoubt.Since"/> is then earlier than that flush.</para>
    /// </remarks>
    public FlushDoubt? Doubt => Durability.Doubt;

    internal DeviceDurability Durability { get; }

    /// <summary>Whether writes with FUA are durable by a flush of the whole device or file, which may fail for writes of others.</summary>
    internal bool FuaFlushes => _geometry is { Namespace: null } and not { IsBlockDevice: true, IsDirect: true, FlushesAfterFua: false };

    /// <summary>Ends a doubt: the caller has dealt with the writes that are in doubt, by writing them again after this call or by no longer relying on them. Any thread.</summary>
    /// <param name="doubt">The doubt, as read from <see cref="Doubt"/>.</param>
    /// <returns>Whether it was the current doubt, and flushes are carried out again. False when another flush has failed meanwhile: read the doubt again.</returns>
    /// <remarks>A later flush that ends well covers the writes that are submitted after this call. It says nothing of those before.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="doubt"/> is null.</exception>
    public bool AcknowledgeDoubt(FlushDoubt doubt)
    {
        ArgumentNullException.ThrowIfNull(doubt);
        return Durability.Acknowledge(doubt);
    }
}
