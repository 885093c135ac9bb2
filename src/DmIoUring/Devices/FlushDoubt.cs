using System.Globalization;

namespace DmIoUring;

/// <summary>
/// A flush of a device has failed: which of the device's writes may never become durable, although they ended well. See <see cref="BlockDevice.Doubt"/>.
/// </summary>
public sealed class FlushDoubt
{
    internal FlushDoubt(int errno, long since, long failedFlushes, long number)
    {
        Errno = errno;
        Since = since;
        FailedFlushes = failedFlushes;
        Number = number;
    }

    /// <summary>What the flush that failed last was answered with, or the system call with which its ring was lost.</summary>
    public int Errno { get; }

    /// <summary>
    /// When the last flush of the device was submitted that ended well before one failed, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> tells it; 0
    /// when there was none, or this is not known. In doubt is every write that ended after that, or is in flight, except with FUA, until the doubt is
    /// acknowledged.
    /// </summary>
    public long Since { get; }

    /// <summary>How many flushes have failed since the device was opened, or since the doubt before this one was acknowledged.</summary>
    public long FailedFlushes { get; }

    /// <summary>Counts the failed flushes of the device.</summary>
    internal long Number { get; }

    /// <summary>Human-readable: how many flushes failed, and how the last one did.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{FailedFlushes} failed {(FailedFlushes == 1 ? "flush" : "flushes")}, the last with {Interop.Errno.Name(Errno)}");
}
