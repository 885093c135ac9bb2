namespace DmIoUring.Drivers;

/// <summary>
/// Decides how many completions a sleep waits for. Where they come one by one, each waking costs as much as a transfer: several are
/// waited for then. Where they come in bunches anyway, one is enough: dealing with the first of a bunch while the device goes on spares both
/// the longer sleep, whose end is dear, and a timer.
/// </summary>
/// <param name="minWait">Nanoseconds after which a lane settles for one completion; 0 never to wait for more.</param>
internal struct BatchWait(long minWait)
{
    private const int MaxBatch = 32;

    /// <summary>Turns that show how completions come by themselves, and those for which the answer holds.</summary>
    private const int TurnsToLook = 256;
    private const int TurnsToWait = 8192;

    private int _left = TurnsToLook;
    private int _seen;
    private bool _waits;

    public readonly long MinWait => minWait;

    /// <summary>Whether completions come one by one, as far as was seen.</summary>
    public readonly bool IsOneByOne => _waits;

    /// <summary>How many to wait for, with so many chunks under way.</summary>
    public readonly uint Completions(int inFlight) => _waits ? Batch(inFlight) : 1;

    /// <summary>Takes note of a turn's completions.</summary>
    public void Note(int completions, int inFlight)
    {
        _seen += completions;
        if (--_left > 0)
            return;

        // A quarter of a batch by itself is enough.
        _waits = !_waits && minWait > 0 && (ulong)_seen * 4 < TurnsToLook * Batch(inFlight);
        _left = _waits ? TurnsToWait : TurnsToLook;
        _seen = 0;
    }

    private static uint Batch(int inFlight) => (uint)Math.Clamp(inFlight / 4, 1, MaxBatch);
}
