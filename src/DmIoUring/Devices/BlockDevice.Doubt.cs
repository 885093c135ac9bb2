using DmIoUring.Devices;

namespace DmIoUring;

/// <content>What is known of the device's flushes.</content>
public sealed partial class BlockDevice
{
    /// <summary>Failed flushes that this object's user has dealt with, or that somebody had dealt with before it was opened.</summary>
    private long _acknowledged;

    /// <summary>
    /// Which writes may be lost because a flush of this device failed; <see langword="null"/> while none has, and after
    /// <see cref="AcknowledgeDoubt"/>. Any thread.
    /// </summary>
    /// <remarks>
    /// <para>After a failed flush a later one may end well although data is lost: a file system reports a write-back error once and drops the data
    /// (errseq_check_and_advance, lib/errseq.c), and what a drive has done with its cache is unknown. So while there is a doubt nothing that promises durability
    /// ends well: flushes, and writes with <see cref="IoFlags.Preflush"/> or <see cref="IoFlags.Fua"/>, fail with EIO and cause
    /// <see cref="IoFailureCause.InDoubt"/>, and nothing of them is issued. Those that were in flight when the flush failed fail likewise. Other reads and writes
    /// go on.</para>
    /// <para>What counts as a failed flush: a flush that ended with an error other than EOPNOTSUPP or EINVAL, or whose result is unknown because a ring was lost; and
    /// a failed FUA write where a flush is part of it, because that may be what failed: on all but block devices with FUA or without a volatile cache, and by
    /// system call (<see cref="DmIoClient.Write(ReadOnlySpan{IoRegion}, IoBuffer, IoRequestOptions)"/>, worker threads) on those with FUA, too.</para>
    /// <para>A failure counts for all objects that this process has open on the same device or file, and for those that are opened before one of them has acknowledged it;
    /// each is acknowledged by itself. It ends with the last of them. A partition and its disk, or a
    /// namespace's two devices, are different devices, and other processes' flushes are unknown. Two lanes or reactors that flush a device at the same time, and
    /// flushes and FUA writes of one file that is open for buffered I/O, may learn of a failure in any order: one may be reported as successful a moment before the
    /// doubt, and <see cref="FlushDoubt.Since"/> is then earlier than that.</para>
    /// </remarks>
    public FlushDoubt? Doubt => IsInDoubt ? Durability.DoubtAfter(Volatile.Read(ref _acknowledged)) : null;

    internal DeviceDurability Durability { get; }

    internal bool IsInDoubt => Durability.FailedFlushes != Volatile.Read(ref _acknowledged);

    /// <summary>Ends a doubt: the caller has dealt with the writes that are in doubt, by writing them again after this call or by no longer relying on them. Any thread.</summary>
    /// <param name="doubt">The doubt, as read from <see cref="Doubt"/> of this object.</param>
    /// <returns>Whether there is no doubt any more, and flushes are carried out again. False when another flush has failed meanwhile: read the doubt again.</returns>
    /// <remarks>A later flush that ends well covers the writes that are submitted after this call. It says nothing of those before.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="doubt"/> is null.</exception>
    public bool AcknowledgeDoubt(FlushDoubt doubt)
    {
        ArgumentNullException.ThrowIfNull(doubt);
        long before = Volatile.Read(ref _acknowledged);
        while (before < doubt.Number)
        {
            long found = Interlocked.CompareExchange(ref _acknowledged, doubt.Number, before);
            if (found == before)
                break;
            before = found;
        }

        Durability.Acknowledge(doubt.Number);
        return !IsInDoubt;
    }

    /// <summary>Whether a write with FUA is durable by a flush of the whole device or file, which may fail for writes of others.</summary>
    /// <param name="bySystemCall">Whether a system call makes it, which flushes a block device at its end (generic_write_sync in blkdev_write_iter, block/fops.c).</param>
    internal bool FuaFlushes(bool bySystemCall) => Namespace is null && _geometry.Cache switch
    {
        VolatileCache.None => false,
        VolatileCache.WithFua => bySystemCall,
        VolatileCache.WithoutFua or VolatileCache.Unknown => true,
    };
}
