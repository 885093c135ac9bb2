using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DmIoUring.Memory;

/// <content>The rental of a list, in one word on the list's first page, used without the lock.</content>
internal sealed unsafe partial class PagePool
{
    /// <summary>The bits for the uses of one list at once: as many uses as a client can have requests.</summary>
    private const int UseBits = 20;

    private const long MaxUses = (1L << UseBits) - 1;

    /// <summary>
    /// Rentals are numbered so that a stale copy of a list is recognized. 43 bits wrap around after months of a million
    /// rentals a second; a stale copy would be accepted only if it had exactly that age and its number were on its page again.
    /// </summary>
    private const long MaxRentals = (1L << (63 - UseBits)) - 1;

    /// <summary>The target of the reference where there is no page.</summary>
    private static readonly long[] NoWord = new long[1];

    /// <summary>Begins a use by the kernel: until <see cref="EndUse"/> the list can't be returned. Uses nest.</summary>
    internal void BeginUse(in PageList list)
    {
        ref long word = ref TryFindWord(list, out bool found);
        long seen = found ? Volatile.Read(ref word) : 0;
        while (true)
        {
            if (!found || seen >> UseBits != list.Rental)
                PageMisuse.ThrowReturned(list.Count, list.Rental);
            if ((seen & MaxUses) == MaxUses)
                PageMisuse.ThrowTooManyUses(list.Count, list.Rental, MaxUses);
            long was = Interlocked.CompareExchange(ref word, seen + 1, seen);
            if (was == seen)
                return;
            seen = was;
        }
    }

    /// <inheritdoc cref="PageList.TryBeginContiguousUse"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryBeginContiguousUse(in PageList list, out PageUse use)
    {
        use = default;
        Extent? extent = Volatile.Read(ref _slots[list.FirstPage >> PageBits]);
        int index = list.FirstPage & PageMask;
        PageState[]? states = extent?.States;
        if (states is null || (uint)index >= (uint)states.Length)
            return false;
        ref PageState state = ref states[index];
        long seen = Volatile.Read(ref state.Rental);
        while (seen >> UseBits == list.Rental && (seen & MaxUses) != MaxUses)
        {
            long was = Interlocked.CompareExchange(ref state.Rental, seen + 1, seen);
            if (was == seen)
            {
                // Only now is it certain whose pages they are.
                use = new PageUse(extent!, index);
                if (state.RunLength == list.Count)
                    return true;
                use.End();
                return false;
            }

            seen = was;
        }

        return false;
    }

    /// <summary>Ends a use.</summary>
    internal void EndUse(in PageList list)
    {
        ref long word = ref TryFindWord(list, out bool found);
        Debug.Assert(found && Volatile.Read(ref word) >> UseBits == list.Rental && (Volatile.Read(ref word) & MaxUses) > 0, "No use was begun.");
        Interlocked.Decrement(ref word);
    }

    /// <summary>The state of the page where a run of a rented list begins, and that page's address.</summary>
    internal ref readonly PageState Run(in PageList list, int run, out byte* start)
    {
        ThrowUnlessRented(list);
        Extent extent = _slots[run >> PageBits]!;
        start = extent.Start + ((long)(run & PageMask) * PageSize);
        return ref extent.States[run & PageMask];
    }

    internal void ThrowUnlessRented(in PageList list)
    {
        ref long word = ref TryFindWord(list, out bool found);
        if (!found || Volatile.Read(ref word) >> UseBits != list.Rental)
            PageMisuse.ThrowReturned(list.Count, list.Rental);
    }

    /// <summary>Ends the rental; of several callers only one succeeds.</summary>
    private void EndRental(in PageList list)
    {
        ref long word = ref TryFindWord(list, out bool found);
        long expected = list.Rental << UseBits;
        long seen = found ? Interlocked.CompareExchange(ref word, 0, expected) : 0;
        if (found && seen == expected)
            return;
        if (!found || seen >> UseBits != list.Rental)
            PageMisuse.ThrowReturnedTwice(list.Count, list.Rental);
        PageMisuse.ThrowInFlight(list.Count, list.Rental, seen & MaxUses);
    }

    /// <summary>
    /// The word of a list's first page. For a stale list it may be another list's word, or the page may not exist any
    /// more; in both cases the rental's number does not match.
    /// </summary>
    private ref long TryFindWord(in PageList list, out bool found)
    {
        Extent? extent = Volatile.Read(ref _slots[list.FirstPage >> PageBits]);
        int index = list.FirstPage & PageMask;
        found = extent is not null && index < extent.Pages;
        return ref found ? ref extent!.States[index].Rental : ref NoWord[0];
    }
}

/// <summary>A use of a list that <see cref="PagePool.TryBeginContiguousUse"/> began: found once, so that ending it needs no look at the pool.</summary>
internal readonly unsafe struct PageUse(Extent extent, int page)
{
    public Extent Extent => extent;

    public int Page => page;

    /// <summary>The list's first byte.</summary>
    public byte* Start => extent.Start + ((long)page * PagePool.PageSize);

    /// <summary>The kernel is done with the pages. Any thread.</summary>
    public void End() => Interlocked.Decrement(ref extent.States[page].Rental);
}
