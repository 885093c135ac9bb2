namespace DmIoUring.Testing;

/// <summary>What media have in common whose requests are one sequence: the lock, the numbers, the thread that answers late.</summary>
internal sealed class MediumGate : IDisposable
{
    /// <summary>The longest that a request can be made to take.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    /// <summary>The longest single wait for the monitor, which takes less than 25 days; a longer one is several.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private int _sequence;

    public MediumGate() => Clock = new ReplyClock(static call => call.Medium!.Answer(call));

    /// <summary>Also guards every fault and request.</summary>
    public object Sync { get; } = new();

    public ReplyClock Clock { get; }

    /// <summary>The next number. The lock must be held.</summary>
    public int Next() => _sequence++;

    /// <summary>The sum of two delays, which may be no longer than one.</summary>
    public static TimeSpan Sum(TimeSpan delay, TimeSpan more) => delay < LongestDelay - more ? delay + more : LongestDelay;

    public void Dispose() => Clock.Dispose();
}
