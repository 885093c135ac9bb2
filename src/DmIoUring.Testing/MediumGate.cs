namespace DmIoUring.Testing;

/// <summary>What media have in common whose requests are one sequence: the lock, the numbers, the thread that answers late.</summary>
internal sealed class MediumGate : IDisposable
{
    private int _sequence;

    public MediumGate() => Clock = new ReplyClock(static call => call.Medium!.Answer(call));

    /// <summary>Also guards every fault and request.</summary>
    public object Sync { get; } = new();

    public ReplyClock Clock { get; }

    /// <summary>The next number. The lock must be held.</summary>
    public int Next() => _sequence++;

    public void Dispose() => Clock.Dispose();
}
