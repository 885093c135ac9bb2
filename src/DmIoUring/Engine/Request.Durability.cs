using System.Runtime.CompilerServices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <content>How the legs become durable, and which depend on a flush.</content>
internal sealed unsafe partial class Request
{
    /// <summary>
    /// Whether a leg is to be flushed when all of its data has been written. On a device with a volatile cache and without FUA the kernel flushes after each
    /// entry with RWF_DSYNC (generic_write_sync, include/linux/fs.h), so a region of several chunks is written without it, and flushed once.
    /// </summary>
    public bool FlushesLast { get; private set; }

    /// <summary>Whether each leg's device is flushed before its data, or alone. Meaningless on the fast path.</summary>
    public bool FlushesFirst { get; private set; }

    /// <summary>Whether a leg depends on a flush; see <see cref="Leg.DependsOnFlush"/>.</summary>
    public bool DependsOnFlush { get; private set; }

    /// <summary>Fails the legs whose devices had a flush that failed while the request was in flight: what they wrote, or are to make durable, may be lost.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void FailDoubtful()
    {
        for (int region = 0; region < LegCount; region++)
        {
            ref Leg leg = ref Legs[region];
            if (leg.DependsOnFlush && leg.Device.Durability.FailedFlushes != leg.FailedFlushes)
                Fail(region, leg.Start / IoRegion.SectorSize, Errno.EIO, IoFailureCause.InDoubt);
        }
    }

    /// <summary>Decides how a leg becomes durable that is about to be written by several chunks, or by one that would flush more than once, before the first of them.</summary>
    public void FlushesAfterChunks(ref Leg leg)
    {
        if ((TransferFlags & FileAbi.RWF_DSYNC) == 0 || leg.Offset != leg.Start || !leg.Device.Geometry.FlushesAfterFua)
            return;
        leg.FlushesLast = true;
        FlushesLast = true;
        WatchesChunks = true;
    }

    /// <summary>RWF_* of the data entries of a region.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint TransferFlagsOfRegion(int region) =>
        FlushesLast && Legs[region].FlushesLast ? TransferFlags & ~(uint)FileAbi.RWF_DSYNC : TransferFlags;

    /// <summary>
    /// Whether one completion can let more of it be issued: it is not completely split, or a flush separates its entries. One leg must not wait for
    /// another then.
    /// </summary>
    public bool HasMoreToIssue
    {
        get
        {
            if (IsQueued || FlushesLast)
                return true;
            for (int region = 0; region < LegCount; region++)
            {
                if (Legs[region].Stage == LegStage.Flushing && Legs[region].Remaining > 0)
                    return true;
            }

            return false;
        }
    }

    /// <summary>
    /// A chunk has ended of a leg that may have to flush last. A leg of which a chunk failed is flushed, too: what lies below the sector that is
    /// reported must be durable. One that was stopped has failed from its first sector on.
    /// </summary>
    /// <returns>Whether it was the leg's last chunk, and the leg must be flushed now.</returns>
    public bool MustFlushAfterChunk(int region)
    {
        ref Leg leg = ref Legs[region];
        if (!leg.FlushesLast || --leg.Unfinished != 0 || leg.Remaining > 0)
            return false;
        leg.FlushesLast = false;
        if (_stopCause != IoFailureCause.None)
            return false;
        leg.Offset = leg.Start;
        leg.Stage = LegStage.MustFlush;
        return true;
    }
}
