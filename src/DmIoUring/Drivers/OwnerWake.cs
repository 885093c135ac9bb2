using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>
/// Ends the sleep of an owner that waits in its ring, from any thread. A wake-up is never lost: one that comes while the owner is awake ends its next
/// sleep before it begins. The eventfd is written only while the owner sleeps.
/// </summary>
internal sealed class OwnerWake : IDisposable
{
    private const int Awake = 0;
    private const int Asleep = 1;
    private const int Woken = 2;

    private readonly WakeEvent _event = new();
    private int _state;

    public int Descriptor => _event.Descriptor;

    /// <summary>Whether the owner was woken and has not noticed it. Must be called on the owning thread.</summary>
    public bool IsWoken => Volatile.Read(ref _state) == Woken;

    /// <summary>Wakes the owner. Any thread, also after <see cref="Dispose"/>.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Woken) == Asleep)
            _event.Signal();
    }

    /// <summary>Announces that the owner is about to sleep. Must be called on the owning thread.</summary>
    /// <returns>Whether it may; false when it was woken meanwhile.</returns>
    public bool TrySleep() => Interlocked.CompareExchange(ref _state, Asleep, Awake) == Awake;

    /// <summary>Ends the sleep, or notices that there was none to begin. Must be called on the owning thread.</summary>
    /// <returns>Whether the owner was woken.</returns>
    public bool EndSleep() => Interlocked.Exchange(ref _state, Awake) == Woken;

    public void Dispose() => _event.Dispose();
}
