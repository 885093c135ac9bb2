namespace DmIoUring.Rings;

/// <summary>
/// How many completions a wait asks for, so that one call returns all that are ready. Since 6.13 the kernel posts at most
/// max(20, number asked for) deferred completions a call (IO_LOCAL_TW_DEFAULT_MAX, io_uring/io_uring.c): when a wait asks for one, 128 that are
/// ready take seven calls.
/// </summary>
/// <remarks>
/// It asks for the smallest of the last batches, and only where the kernel has shown that it has that limit. So a completion rarely waits for others
/// that are not ready, and then for the shortest wait that the kernel has.
/// </remarks>
internal struct CompletionBatchSize
{
    /// <summary>How many completions one call returns at most when it asks for fewer.</summary>
    private const uint DefaultLimit = 20;

    /// <summary>How many batches are observed before the size is set.</summary>
    private const int Window = 16;

    private uint _size;
    private uint _sum;
    private uint _least;
    private int _batches;
    private bool _isBounded;

    /// <summary>How many to ask for; 0 for no more than the caller waits for, as for the rest of a batch.</summary>
    public readonly uint Asked => _sum == 0 ? _size : 0;

    /// <summary>Records the result of a wait.</summary>
    /// <param name="completions">How many there were.</param>
    /// <param name="hasMore">Whether the kernel has more that are ready.</param>
    /// <param name="most">How many there can be at most.</param>
    public void Note(uint completions, bool hasMore, uint most)
    {
        if (completions == 0)
            return;
        if (completions < Asked)
        {
            Use(completions);
            return;
        }

        _isBounded |= hasMore && completions == Math.Max(Asked, DefaultLimit);
        _sum += completions;
        if (hasMore && _sum < most)
            return;
        uint batch = Math.Min(_sum, most);
        _least = _batches == 0 ? batch : Math.Min(_least, batch);
        _sum = 0;
        if (++_batches == Window)
            Use(_least);
    }

    private void Use(uint size)
    {
        _size = _isBounded && size > DefaultLimit ? size : 0;
        _batches = 0;
    }
}
