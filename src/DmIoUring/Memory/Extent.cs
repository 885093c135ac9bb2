using System.Diagnostics;
using System.Numerics;

namespace DmIoUring.Memory;

/// <summary>
/// One mapping of the pool, with the bitmap of its free pages and the states of its rented ones. The bitmap is guarded by the pool's lock; the
/// states of rented pages belong to their renter.
/// </summary>
/// <remarks>
/// The states are managed memory, because a stale page list may read them after the extent was unmapped, and must find that it is stale instead of
/// causing a segmentation fault.
/// </remarks>
internal sealed unsafe class Extent
{
    private readonly ulong[] _free;
    private int _lowest;

    public Extent(MappedExtent mapping)
    {
        Mapping = mapping;
        Start = mapping.Start;
        Pages = (int)(mapping.Length / PagePool.PageSize);
        States = new PageState[Pages];
        _free = new ulong[(Pages + 63) / 64];
        Free(0, Pages);
    }

    public MappedExtent Mapping { get; }

    public byte* Start { get; }

    public int Pages { get; }

    /// <summary>Its slot in the pool's table.</summary>
    public int Slot { get; private set; }

    /// <summary>The slot's generation while the extent is in it.</summary>
    public uint Generation { get; private set; }

    public PageState[] States { get; }

    public int FreePages { get; private set; }

    public bool IsEntirelyFree => FreePages == Pages;

    /// <summary>The link of extents that were removed from the pool and are to be unmapped without its lock.</summary>
    public Extent? NextReleased { get; set; }

    public void AssignSlot(int slot, uint generation)
    {
        Slot = slot;
        Generation = generation;
    }

    /// <summary>Takes the first run of exactly <paramref name="pages"/> adjacent free pages.</summary>
    /// <param name="pages">How many.</param>
    /// <param name="runsToTry">How many free runs may still be examined; decremented here. It limits the time under the lock.</param>
    /// <param name="first">The run's first page.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryTakeRun(int pages, ref int runsToTry, out int first)
    {
        first = NextFree(_lowest);
        _lowest = first;
        while (first + pages <= Pages && runsToTry-- > 0)
        {
            int end = EndOfRun(first, pages);
            if (end - first == pages)
            {
                Take(first, pages);
                return true;
            }

            first = NextFree(end);
        }

        return false;
    }

    /// <summary>Takes the first free run, or its beginning. There must be a free page.</summary>
    /// <param name="most">How many pages at most.</param>
    /// <param name="first">The run's first page.</param>
    /// <returns>How many pages.</returns>
    public int TakeFirstRun(int most, out int first)
    {
        Debug.Assert(FreePages > 0 && most > 0, "The caller looks first.");
        first = NextFree(_lowest);
        int pages = EndOfRun(first, most) - first;
        Take(first, pages);
        return pages;
    }

    /// <summary>Marks pages as free.</summary>
    public void Free(int first, int pages)
    {
        Mark(first, pages, free: true);
        FreePages += pages;
        _lowest = Math.Min(_lowest, first);
    }

    private void Take(int first, int pages)
    {
        Mark(first, pages, free: false);
        FreePages -= pages;
        if (_lowest == first)
            _lowest = first + pages;
    }

    /// <summary>The first free page at or after a page; <see cref="Pages"/> when there is none.</summary>
    private int NextFree(int from)
    {
        if (from >= Pages)
            return Pages;
        int word = from >> 6;
        ulong bits = _free[word] & (ulong.MaxValue << from);
        while (bits == 0)
        {
            if (++word == _free.Length)
                return Pages;
            bits = _free[word];
        }

        return (word << 6) + BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>The first page at or after a free one that is not free, or the page <paramref name="most"/> further on.</summary>
    private int EndOfRun(int from, int most)
    {
        int limit = Math.Min(Pages, from + most);
        int word = from >> 6;
        ulong used = ~_free[word] & (ulong.MaxValue << from);
        while (used == 0)
        {
            word++;
            if (word << 6 >= limit)
                return limit;
            used = ~_free[word];
        }

        return Math.Min(limit, (word << 6) + BitOperations.TrailingZeroCount(used));
    }

    private void Mark(int first, int pages, bool free)
    {
        int end = first + pages;
        while (first < end)
        {
            int bit = first & 63;
            int count = Math.Min(64 - bit, end - first);
            ulong mask = (ulong.MaxValue >> (64 - count)) << bit;
            ref ulong word = ref _free[first >> 6];
            Debug.Assert((word & mask) == (free ? 0 : mask), "A page was taken twice or freed twice.");
            word ^= mask;
            first += count;
        }
    }
}

/// <summary>
/// The pool's state of a rented page: the links of its list, and on the list's first page the rental.
/// Stored apart from the page, which belongs to the renter.
/// </summary>
internal struct PageState
{
    /// <summary>
    /// On the first page of a list: the rental's number and, in the low bits, how many uses are in progress, in one word, so that
    /// returning the list and beginning a use exclude each other without a lock. 0 where no list begins.
    /// </summary>
    public long Rental;

    /// <summary>On the first page of a run: the page where the list's next run begins, or <see cref="PagePool.NoPage"/>.</summary>
    public int NextRun;

    /// <summary>On the first page of a run: how many adjacent pages of the list start here.</summary>
    public int RunLength;
}
