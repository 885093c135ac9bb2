using DmIoUring.Memory;

namespace DmIoUring;

/// <summary>
/// Pages rented from a client's pool, in order, like the kernel's <c>struct page_list</c>. It is a handle: the links between
/// the pages are in the pool. Dispose it to return the pages.
/// </summary>
/// <remarks>
/// <para>A copy of the struct is the same list: dispose only one of them, once. A second Dispose throws, and so does any use
/// after it. Pages can't be returned while a request uses them.</para>
/// <para>Any thread may use and return it; access to the pages is not synchronised. Pages are not zeroed: they have the content that the
/// last renter left. Adjacent pages are preferred, so that a list is often contiguous (<see cref="IsContiguous"/>).</para>
/// <para><see langword="default"/> is the empty list; disposing that does nothing.</para>
/// </remarks>
public readonly unsafe struct PageList : IDisposable, IEquatable<PageList>
{
    /// <summary>Bytes in a page, whatever the host's page size is. Each page is aligned to it.</summary>
    public const int PageSize = PagePool.PageSize;

    private readonly PagePool? _pool;

    internal PageList(PagePool pool, int firstPage, int count, long rental)
    {
        _pool = pool;
        FirstPage = firstPage;
        Count = count;
        Rental = rental;
    }

    /// <summary>How many pages.</summary>
    public int Count { get; }

    /// <summary>The same in bytes.</summary>
    public long Length => (long)Count * PageSize;

    /// <summary>Whether all pages are adjacent in memory, in order.</summary>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    public bool IsContiguous => _pool is null || _pool.Run(this, FirstPage, out _).RunLength == Count;

    internal PagePool? Pool => _pool;

    internal int FirstPage { get; }

    /// <summary>The unique number of the rental.</summary>
    internal long Rental { get; }

    /// <summary>A page's bytes. Don't use the span after the list was returned.</summary>
    /// <param name="page">Which page, from 0. The time depends on the number of runs before it: to visit all pages, enumerate.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    public Span<byte> this[int page] => new(GetPointer(page), PageSize);

    /// <summary>Whether both are the same rental.</summary>
    /// <param name="left">One list.</param>
    /// <param name="right">The other list.</param>
    public static bool operator ==(PageList left, PageList right) => left.Equals(right);

    /// <summary>Whether they are different rentals.</summary>
    /// <param name="left">One list.</param>
    /// <param name="right">The other list.</param>
    public static bool operator !=(PageList left, PageList right) => !left.Equals(right);

    /// <summary>A page's first byte. Valid until the list is returned.</summary>
    /// <param name="page">Which page, from 0.</param>
    /// <returns>Its address.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    public void* GetPointer(int page)
    {
        if ((uint)page >= (uint)Count)
            PageMisuse.ThrowNoSuchPage(page, Count);
        PageCursor cursor = CursorAt((long)page * PageSize);
        TryGetRun(ref cursor, PageSize, out byte* start, out _);
        return start;
    }

    /// <summary>Walks the pages in order; each is a span of <see cref="PageSize"/> bytes.</summary>
    /// <returns>The enumerator.</returns>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    public PageListEnumerator GetEnumerator() => new(this);

    /// <summary>Copies bytes out of the pages.</summary>
    /// <param name="destination">Where to; all of it is filled.</param>
    /// <param name="offset">The first byte to copy, counted from the list's beginning.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the list.</exception>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    public void CopyTo(Span<byte> destination, long offset = 0)
    {
        CheckPart(offset, destination.Length, nameof(destination));
        PageCursor cursor = CursorAt(offset);
        while (!destination.IsEmpty && TryGetRun(ref cursor, destination.Length, out byte* start, out long length))
        {
            new ReadOnlySpan<byte>(start, (int)length).CopyTo(destination);
            destination = destination[(int)length..];
        }
    }

    /// <summary>Copies bytes into the pages.</summary>
    /// <param name="source">What; all of it is copied.</param>
    /// <param name="offset">Where the first byte goes, counted from the list's beginning.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the list.</exception>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    public void CopyFrom(ReadOnlySpan<byte> source, long offset = 0)
    {
        CheckPart(offset, source.Length, nameof(source));
        PageCursor cursor = CursorAt(offset);
        while (!source.IsEmpty && TryGetRun(ref cursor, source.Length, out byte* start, out long length))
        {
            source[..(int)length].CopyTo(new Span<byte>(start, (int)length));
            source = source[(int)length..];
        }
    }

    /// <summary>Returns the pages; waiting renters get them in order of arrival.</summary>
    /// <exception cref="InvalidOperationException">They were returned before, or a request uses them.</exception>
    public void Dispose() => _pool?.Return(this);

    /// <inheritdoc/>
    public bool Equals(PageList other) => _pool == other._pool && FirstPage == other.FirstPage && Rental == other.Rental;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PageList other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(FirstPage, Rental);

    /// <summary>Throws when the list was returned.</summary>
    internal void ThrowIfReturned() => _pool?.ThrowUnlessRented(this);

    /// <summary>Keeps the pages from being returned until <see cref="EndUse"/>; the caller hands them to the kernel. Uses nest. Any thread.</summary>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    internal void BeginUse() => _pool?.BeginUse(this);

    /// <summary>As <see cref="BeginUse"/> for a list whose pages are all adjacent, without an exception.</summary>
    /// <param name="use">Its end lets the pages be returned.</param>
    /// <returns>Whether the pages are kept: not where they are apart, none, or returned.</returns>
    internal bool TryBeginContiguousUse(out PageUse use)
    {
        use = default;
        return _pool is not null && _pool.TryBeginContiguousUse(this, out use);
    }

    /// <summary>Ends a use: the kernel no longer uses the pages. Any thread.</summary>
    internal void EndUse() => _pool?.EndUse(this);

    /// <summary>The position of a byte of the list, or of its end.</summary>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    internal PageCursor CursorAt(long offset)
    {
        if (offset < 0 || offset > Length)
            PageMisuse.ThrowNoSuchPart(nameof(offset), offset, "offset", Length);
        if (_pool is null)
            return new PageCursor(PagePool.NoPage, 0);
        int run = FirstPage;
        while (true)
        {
            ref readonly PageState state = ref _pool.Run(this, run, out _);
            long length = (long)state.RunLength * PageSize;
            if (offset < length)
                return new PageCursor(run, offset);
            offset -= length;
            run = state.NextRun;
            if (run == PagePool.NoPage)
                return new PageCursor(run, 0);
        }
    }

    /// <summary>
    /// Gets the contiguous memory at the cursor, adjacent pages merged, and moves the cursor behind it. No lock, no
    /// allocation; any thread. The memory never crosses an extent, so it lies in one registered buffer.
    /// </summary>
    /// <param name="cursor">The position, from <see cref="CursorAt"/> of this list.</param>
    /// <param name="most">Bytes at most, at least 1.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <returns>False at the list's end.</returns>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    internal bool TryGetRun(ref PageCursor cursor, long most, out byte* start, out long length)
    {
        start = null;
        length = 0;
        if (_pool is null || cursor.Run == PagePool.NoPage)
            return false;
        ref readonly PageState state = ref _pool.Run(this, cursor.Run, out start);
        long rest = ((long)state.RunLength * PageSize) - cursor.Offset;
        start += cursor.Offset;
        length = Math.Min(most, rest);
        cursor = length < rest ? new PageCursor(cursor.Run, cursor.Offset + length) : new PageCursor(state.NextRun, 0);
        return true;
    }

    private void CheckPart(long offset, int length, string parameter)
    {
        if (offset < 0 || offset > Length)
            PageMisuse.ThrowNoSuchPart(nameof(offset), offset, "offset", Length);
        if (length > Length - offset)
            PageMisuse.ThrowNoSuchPart(parameter, length, "length", Length - offset);
    }
}

/// <summary>Walks the pages of a <see cref="PageList"/> in order.</summary>
public unsafe ref struct PageListEnumerator
{
    private readonly PageList _list;
    private PageCursor _cursor;

    internal PageListEnumerator(PageList list)
    {
        _list = list;
        _cursor = list.CursorAt(0);
    }

    /// <summary>The page's bytes, <see cref="PageList.PageSize"/> of them.</summary>
    public Span<byte> Current { get; private set; }

    /// <summary>Goes to the next page.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="ObjectDisposedException">The list was returned.</exception>
    public bool MoveNext()
    {
        if (!_list.TryGetRun(ref _cursor, PageList.PageSize, out byte* start, out _))
            return false;
        Current = new Span<byte>(start, PageList.PageSize);
        return true;
    }
}

/// <summary>A position in a page list: a run and a byte offset into it. From <see cref="PageList.CursorAt"/>; the default is not a valid position.</summary>
internal readonly struct PageCursor(int run, long offset)
{
    private readonly int _runPlusOne = run + 1;

    /// <summary>The page where the run begins, or <see cref="PagePool.NoPage"/> at the list's end.</summary>
    public int Run => _runPlusOne - 1;

    /// <summary>Bytes into the run, less than its length.</summary>
    public long Offset => offset;
}
