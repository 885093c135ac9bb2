namespace DmIoUring.Services.Mirroring;

/// <summary>
/// Writes that overlap go one after the other, because two at once could leave the legs different; a resync keeps writes out of what it copies. First come, first served. Every
/// method must be called with the mirror's lock held.
/// </summary>
internal sealed class RangeLocks
{
    private readonly List<Range> _held = [];
    private readonly List<(Range Range, TaskCompletionSource Granted)> _waiting = [];

    /// <summary>Locks a range, unless it overlaps one that is locked or waited for.</summary>
    public bool TryLock(long sector, long count)
    {
        Range range = new(sector, sector + count);
        if (!IsFree(range, _waiting.Count))
            return false;
        _held.Add(range);
        return true;
    }

    /// <summary>After <see cref="TryLock"/> has failed: the task ends when the range is locked.</summary>
    public Task LockAsync(long sector, long count)
    {
        TaskCompletionSource granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((new Range(sector, sector + count), granted));
        return granted.Task;
    }

    public void Unlock(long sector, long count)
    {
        int at = _held.LastIndexOf(new Range(sector, sector + count));
        _held[at] = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        for (int i = 0; i < _waiting.Count; i++)
        {
            (Range range, TaskCompletionSource granted) = _waiting[i];
            if (!IsFree(range, i))
                continue;
            _waiting.RemoveAt(i--);
            _held.Add(range);
            granted.SetResult();
        }
    }

    private bool IsFree(Range range, int waitersBefore)
    {
        foreach (Range held in _held)
        {
            if (held.Overlaps(range))
                return false;
        }

        for (int i = 0; i < waitersBefore; i++)
        {
            if (_waiting[i].Range.Overlaps(range))
                return false;
        }

        return true;
    }

    private readonly record struct Range(long Start, long End)
    {
        public bool Overlaps(Range other) => Start < other.End && other.Start < End;
    }
}
