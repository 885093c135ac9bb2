namespace DmIoUring.Rings;

/// <summary>
/// How many completions a wait asks for so that one call gives all that are due. Since 6.13 the kernel posts at most
/// max(20, what is asked for) deferred completions a call (IO_LOCAL_TW_DEFAULT_MAX, io_uring/io_uring.c): asking for one, 128 that are
/// due take seven calls.
/// </summary>
/// <remarks>
/// What is asked for is the least that was due at a time, of the last times, and only where the kernel showed that it has that bound. So no
/// completion waits for others that are not due, but once in a while, for the shortest wait there is.
/// </remarks>
internal struct CompletionBatchSize
{
    /// <summary>What one call gives unasked.</summary>
    private const uint Unasked = 20;

    /// <summary>Bunches that show how large they are.</summary>
    private const int Window = 16;

    private uint _size;
    private uint _sum;
    private uint _least;
    private int _bunches;
    private bool _isBounded;

    /// <summary>How many to ask for; 0 for no more than the caller waits for. The rest of a bunch comes unasked.</summary>
    public readonly uint Asked => _sum == 0 ? _size : 0;

    /// <summary>Takes note of what a wait gave.</summary>
    /// <param name="completions">How many there were.</param>
    /// <param name="hasMore">Whether the kernel has more that are due.</param>
    /// <param name="most">How many there can be.</param>
    public void Note(uint completions, bool hasMore, uint most)
    {
        if (completions == 0)
            return;
        if (completions < Asked)
        {
            Use(completions);
            return;
        }

        _isBounded |= hasMore && completions == Math.Max(Asked, Unasked);
        _sum += completions;
        if (hasMore && _sum < most)
            return;
        uint bunch = Math.Min(_sum, most);
        _least = _bunches == 0 ? bunch : Math.Min(_least, bunch);
        _sum = 0;
        if (++_bunches == Window)
            Use(_least);
    }

    private void Use(uint size)
    {
        _size = _isBounded && size > Unasked ? size : 0;
        _bunches = 0;
    }
}
