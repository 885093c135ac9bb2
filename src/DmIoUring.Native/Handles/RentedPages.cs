using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Handles;

/// <summary>
/// Pages of a client's reserve that C has: as a chain of struct page_list, whose nodes lie side by side. A request that has any of them, in whatever shape and of whatever client, is
/// found by their addresses and holds them until it ends.
/// </summary>
internal sealed unsafe class RentedPages
{
    private static readonly ConcurrentDictionary<nint, RentedPages> ByAddress = new();

    /// <summary>Chains that were returned while a list was being walked, perhaps theirs.</summary>
    private static readonly ConcurrentQueue<nint> Unreachable = new();

    private static readonly Lock Range = new();
    private static int _walks;
    private static nint _lowest = nint.MaxValue;
    private static nint _beyond;

    private readonly PageList _pages;
    private readonly (nint Start, int Pages)[] _runs;
    private volatile bool _isForgotten;

    public RentedPages(in PageList pages)
    {
        _pages = pages;
        Head = (CPageList*)NativeMemory.Alloc((nuint)pages.Count, (nuint)sizeof(CPageList));
        List<(nint Start, int Pages)> runs = [];
        CPageList* node = Head;
        PageCursor cursor = pages.CursorAt(0);
        while (pages.TryGetRun(ref cursor, long.MaxValue, out byte* start, out long length))
        {
            runs.Add(((nint)start, (int)(length / PageList.PageSize)));
            Widen((nint)start, (nint)start + (nint)length);
            for (long at = 0; at < length; at += PageList.PageSize, node++)
            {
                *node = new CPageList { Next = node + 1, Page = start + at };
                ByAddress[(nint)(start + at)] = this;
            }
        }

        Head[pages.Count - 1].Next = null;
        _runs = [.. runs];
    }

    /// <summary>Whether there were ever any: until then no memory needs to be looked up.</summary>
    public static bool Any => Volatile.Read(ref _beyond) != 0;

    /// <summary>The chain.</summary>
    public CPageList* Head { get; }

    /// <summary>Whether the pages went back.</summary>
    public bool IsReturned { get; private set; }

    /// <summary>Until <see cref="EndWalk"/> no chain is freed that C could have got before.</summary>
    public static void BeginWalk() => Interlocked.Increment(ref _walks);

    public static void EndWalk()
    {
        if (Interlocked.Decrement(ref _walks) == 0)
            FreeUnreachable();
    }

    /// <summary>The rental of a page of memory.</summary>
    /// <param name="page">Its address, a multiple of a page's size.</param>
    public static RentedPages? Of(nint page) => ByAddress.GetValueOrDefault(page);

    /// <summary>Whether none of a piece of memory was ever rented.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFarFrom(nint start, long length) =>
        start >= Volatile.Read(ref _beyond) || start + (nint)length <= Volatile.Read(ref _lowest);

    /// <summary>What of a piece of memory may have been rented.</summary>
    public static (nint Start, nint End) Near(nint start, long length) =>
        (Math.Max(start, Volatile.Read(ref _lowest)), Math.Min(start + (nint)length, Volatile.Read(ref _beyond)));

    /// <summary>The pages as a buffer, where the chain is as it was made: the rings know this memory.</summary>
    /// <param name="offset">Bytes of the first page that are not used.</param>
    /// <param name="bytes">Bytes that are used.</param>
    /// <param name="buffer">The buffer.</param>
    /// <returns>False where somebody has linked it anew, or it is too short.</returns>
    public bool TryGetBuffer(uint offset, long bytes, out IoBuffer buffer)
    {
        buffer = default;
        long needed = (offset + bytes + PageList.PageSize - 1) / PageList.PageSize;
        if (offset >= PageList.PageSize || needed > _pages.Count)
            return false;
        int index = 0;
        foreach ((nint start, int pages) in _runs)
        {
            for (int i = 0; i < pages && index < needed; i++, index++)
            {
                if (Head[index].Page != (byte*)start + ((long)i * PageList.PageSize) || (index + 1 < needed && Head[index].Next != Head + index + 1))
                    return false;
            }
        }

        buffer = IoBuffer.Pages(_pages, (int)offset);
        return true;
    }

    /// <summary>Keeps the pages from being returned.</summary>
    /// <exception cref="ObjectDisposedException">They were.</exception>
    public void BeginUse() => _pages.BeginUse();

    /// <summary>Ends a use; the last of pages that nobody will put back returns them.</summary>
    public void EndUse()
    {
        _pages.EndUse();
        if (_isForgotten)
            TryReturn();
    }

    /// <summary>Nobody will put the pages back: they go back now, or with the end of their last use.</summary>
    public void Forget()
    {
        _isForgotten = true;
        Interlocked.MemoryBarrier();
        TryReturn();
    }

    /// <summary>Returns the pages.</summary>
    /// <exception cref="InvalidOperationException">A request is using them, or they were returned before.</exception>
    public void Return()
    {
        _pages.Dispose();
        IsReturned = true;

        // The pages may be somebody else's by now.
        foreach ((nint start, int pages) in _runs)
        {
            for (int i = 0; i < pages; i++)
                _ = ByAddress.TryRemove(new KeyValuePair<nint, RentedPages>(start + (i * PageList.PageSize), this));
        }

        Unreachable.Enqueue((nint)Head);
        BeginWalk();
        EndWalk();
    }

    private static void Widen(nint start, nint end)
    {
        lock (Range)
        {
            Volatile.Write(ref _lowest, Math.Min(_lowest, start));
            Volatile.Write(ref _beyond, Math.Max(_beyond, end));
        }
    }

    /// <summary>A walk that begins while this runs does not reach them: their client is closed, or C has put them back.</summary>
    private static void FreeUnreachable()
    {
        while (Volatile.Read(ref _walks) == 0 && Unreachable.TryDequeue(out nint chain))
        {
            // This one may have come after a walk had begun: then the end of that walk frees it.
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _walks) == 0)
                NativeMemory.Free((void*)chain);
            else
                Unreachable.Enqueue(chain);
        }
    }

    private void TryReturn()
    {
        try
        {
            Return();
        }
        catch (InvalidOperationException)
        {
            // It is in use, whose end returns it; or somebody else has returned it.
        }
    }
}
