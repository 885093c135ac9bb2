using System.Diagnostics;

namespace DmIoUring.Telemetry;

/// <summary>Lets one line a second through and counts the others: a device that is gone fails a hundred thousand times a second. Any thread.</summary>
internal sealed class LogLimit
{
    private long _next;
    private long _dropped;

    /// <summary>Whether a line may be written now.</summary>
    /// <param name="dropped">How many were not since the last that was.</param>
    public bool TryPass(out long dropped)
    {
        long now = Stopwatch.GetTimestamp();
        long next = Volatile.Read(ref _next);
        if (now < next || Interlocked.CompareExchange(ref _next, now + Stopwatch.Frequency, next) != next)
        {
            Interlocked.Increment(ref _dropped);
            dropped = 0;
            return false;
        }

        dropped = Interlocked.Exchange(ref _dropped, 0);
        return true;
    }
}
