using System.Runtime.CompilerServices;

namespace DmIoUring.Threading;

/// <summary>The last few times that something took. Their median is what it usually takes: one that was disturbed does not matter.</summary>
internal struct RecentTimes
{
    /// <summary>How many are kept; a power of two.</summary>
    public const int Count = 8;

    private Times _times;
    private int _noted;

    /// <summary>Whether none was noted yet.</summary>
    public readonly bool IsEmpty => _noted == 0;

    /// <summary>The median; 0 counts for each that is missing.</summary>
    public readonly long Median
    {
        get
        {
            Times sorted = _times;
            ((Span<long>)sorted).Sort();
            return sorted[Count / 2];
        }
    }

    public void Note(long ticks) => _times[_noted++ & (Count - 1)] = ticks;

    [InlineArray(Count)]
    private struct Times
    {
        private long _time;
    }
}
