using System.Diagnostics;

namespace DmIoUring.Cli.Devices;

/// <summary>
/// Waits for devices that another process holds: the kernel ends the rings of a process that was killed, and what they hold open, some time after the process. All devices of a
/// command share the limit.
/// </summary>
internal sealed class BusyWait(TimeSpan limit)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private long _start;

    public BusyWait()
        : this(TimeSpan.FromSeconds(1))
    {
    }

    /// <summary>Whether anything was busy.</summary>
    public bool HasWaited => Volatile.Read(ref _start) != 0;

    /// <summary>Waits before one more attempt.</summary>
    /// <returns>Whether there was time left to wait.</returns>
    public bool TryWait()
    {
        if (!HasWaited)
            Volatile.Write(ref _start, Stopwatch.GetTimestamp());
        if (Stopwatch.GetElapsedTime(_start) > limit)
            return false;
        Thread.Sleep(Interval);
        return true;
    }
}
