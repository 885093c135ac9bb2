namespace DmIoUring.Threading;

/// <summary>
/// A lock that may be held for long, because no thread waits for it: a thread that finds it held continues without it, and the holder is told so when it
/// leaves. Not recursive. Any thread.
/// </summary>
internal sealed class TryLock
{
    private const int Free = 0;
    private const int Held = 1;
    private const int HeldAndMissed = 2;
    private int _state;

    /// <summary>Enters, unless the lock is held. Then <see cref="Exit"/> tells the holder.</summary>
    public bool TryEnter()
    {
        while (true)
        {
            int state = Interlocked.CompareExchange(ref _state, Held, Free);
            if (state == Free)
                return true;
            if (state == HeldAndMissed || Interlocked.CompareExchange(ref _state, HeldAndMissed, Held) == Held)
                return false;
        }
    }

    /// <summary>Leaves.</summary>
    /// <returns>Whether the lock was held when another thread tried to enter it.</returns>
    public bool Exit() => Interlocked.Exchange(ref _state, Free) == HeldAndMissed;
}
