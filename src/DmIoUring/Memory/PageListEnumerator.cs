using DmIoUring.Memory;

namespace DmIoUring;

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
