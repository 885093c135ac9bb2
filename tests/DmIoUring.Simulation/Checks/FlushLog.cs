using DmIoUring.Engine;
using DmIoUring.Interop;

namespace DmIoUring.Simulation.Checks;

/// <summary>The flushes of one opening of a disk, as the engine has seen them end.</summary>
internal sealed class FlushLog
{
    private readonly List<(long Ended, int Errno, IoFailureCause Cause)> _failed = [];
    private int _againInARow;
    private long _lastGood = -1;

    /// <summary>Whether a flush has ended well that began after a moment.</summary>
    public bool HasGood(long since) => _lastGood > since;

    /// <summary>How flushes failed that ended after a moment.</summary>
    public IEnumerable<(int Errno, IoFailureCause Cause)> Failures(long since) =>
        _failed.Where(failed => failed.Ended > since).Select(static failed => (failed.Errno, failed.Cause));

    /// <summary>The engine has dealt with all that it had taken: what it takes from now on is later.</summary>
    public void Settle(long now)
    {
        for (int i = _failed.Count - 1; i >= 0 && _failed[i].Ended == long.MaxValue; i--)
            _failed[i] = _failed[i] with { Ended = now };
    }

    /// <summary>A flush's answer was taken. Until the engine deals with it, callbacks may ask for more, which share it.</summary>
    public void Ended(long began, int result)
    {
        bool again = result is -Errno.EAGAIN or -Errno.EINTR;
        _againInARow = again ? _againInARow + 1 : 0;
        if (result >= 0)
            _lastGood = Math.Max(_lastGood, began);
        else if (!again)
            _failed.Add((long.MaxValue, -result, IoFailureCause.Device));
        else if (_againInARow > RetryRules.MaxAttempts)
            _failed.Add((long.MaxValue, -result, IoFailureCause.RetriesExhausted));
    }
}
