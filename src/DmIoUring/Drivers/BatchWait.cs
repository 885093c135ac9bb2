namespace DmIoUring.Drivers;

/// <summary>
/// Decides how many completions a sleep waits for. Where completions arrive one by one, it waits for several, because each wake-up costs as much as a
/// transfer. Where they arrive in batches, it waits for one: the owner then processes the first of a batch while the device works on, and
/// needs neither a timer nor a longer sleep, from which a wake-up takes longer.
/// </summary>
/// <param name="minWait">Nanoseconds after which one completion is enough; 0 never to wait for more.</param>
internal struct BatchWait(long minWait)
{
    private const int MaxBatch = 32;

    /// <summary>Turns during which the arrival of completions is observed, and turns for which the decision is then used.</summary>
    private const int TurnsToLook = 256;
    private const int TurnsToWait = 8192;

    private int _left = TurnsToLook;
    private int _seen;
    private bool _waits;

    public readonly long MinWait => minWait;

    /// <summary>Whether completions were observed to arrive one by one.</summary>
    public readonly bool IsOneByOne => _waits;

    /// <summary>How many to wait for, with so many chunks in flight.</summary>
    public readonly uint Completions(int inFlight) => _waits ? Batch(inFlight) : 1;

    /// <summary>Records a turn's completions.</summary>
    public void Note(int completions, int inFlight)
    {
        _seen += completions;
        if (--_left > 0)
            return;

        // Wait for batches only if completions arrive in less than a quarter of a batch.
        _waits = !_waits && minWait > 0 && (ulong)_seen * 4 < TurnsToLook * Batch(inFlight);
        _left = _waits ? TurnsToWait : TurnsToLook;
        _seen = 0;
    }

    private static uint Batch(int inFlight) => (uint)Math.Clamp(inFlight / 4, 1, MaxBatch);
}
