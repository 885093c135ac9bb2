using System.Globalization;

namespace DmIoUring;

/// <summary>What went wrong first in a request: the lowest region that failed, and the lowest sector in it.</summary>
/// <param name="Region">The region's index in its request.</param>
/// <param name="Sector">The first sector, in units of 512 bytes on that region's device, of the failed chunk that was not transferred.</param>
/// <param name="Errno">The error number of Linux.</param>
/// <param name="Cause">The cause.</param>
/// <remarks>
/// <para>"First" means the lowest position, not the earliest time, so that the same faults give the same report in whatever order they occur.</para>
/// <para>A region is transferred in chunks of at most the chunk size, and the kernel reports that a chunk failed, not where in it. The bad
/// sector is the one reported or a later one of the same chunk. To find it exactly, read or write that chunk again in halves.</para>
/// </remarks>
public readonly record struct IoFailure(int Region, long Sector, int Errno, IoFailureCause Cause)
{
    /// <summary>The name of <see cref="Errno"/>: <c>EIO</c>.</summary>
    public string ErrnoName => Interop.Errno.Name(Errno);

    /// <summary>Human-readable: <c>region 1, sector 4096: EIO</c>, with the cause where it is not the device.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        string why = Cause switch
        {
            IoFailureCause.BeyondEnd => " (beyond the end of the device; nothing was issued)",
            IoFailureCause.Misaligned => " (off the device's logical block; nothing was issued)",
            IoFailureCause.ReadOnly => " (the device is open for reading only; nothing was issued)",
            IoFailureCause.EndedEarly => " (the device ended before the transfer did)",
            IoFailureCause.Cancelled => " (the request was cancelled first)",
            IoFailureCause.TimedOut => " (the request's time limit passed first)",
            IoFailureCause.NotAtomic => " (can't be written atomically on this device; nothing was issued)",
            IoFailureCause.NoPassThrough => " (io_uring carries no NVMe commands here; the drive has seen nothing)",
            IoFailureCause.NotByCommand => " (an NVMe command has no I/O priority; nothing was issued)",
            IoFailureCause.Zoned when Errno == Interop.Errno.EIO => " (a zone that must be written in order: not at its write pointer, or the device failed)",
            IoFailureCause.Zoned => " (a zone that must be written in order, in one piece; nothing was issued)",
            IoFailureCause.RetriesExhausted => " (still busy after every retry)",
            IoFailureCause.RingLost => " (io_uring failed, and whether this was carried out is not known)",
            IoFailureCause.Host => " (the host is short of something; the device was not at fault)",
            IoFailureCause.InDoubt => " (a flush of the device has failed; see BlockDevice.Doubt)",
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"region {Region}, sector {Sector}: {ErrnoName}{why}");
    }
}
