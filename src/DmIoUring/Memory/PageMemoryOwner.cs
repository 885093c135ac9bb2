using System.Buffers;

namespace DmIoUring;

/// <summary>
/// Adjacent pages as <see cref="Memory{T}"/>. Pooled: after Dispose the object may belong to another renter. While it is pinned its pages are in use
/// and can't be returned.
/// </summary>
internal sealed unsafe class PageMemoryOwner : MemoryManager<byte>
{
    private readonly PageMemoryPool _pool;
    private PageList _list;
    private byte* _start;

    public PageMemoryOwner(PageMemoryPool pool) => _pool = pool;

    /// <summary>The link of the free list.</summary>
    public PageMemoryOwner? Next { get; set; }

    public override Memory<byte> Memory
    {
        get
        {
            ThrowIfReturned();
            return CreateMemory((int)_list.Length);
        }
    }

    public void Take(in PageList list)
    {
        PageCursor cursor = list.CursorAt(0);
        list.TryGetRun(ref cursor, list.Length, out _start, out _);
        _list = list;
    }

    public override Span<byte> GetSpan()
    {
        ThrowIfReturned();
        return new Span<byte>(_start, (int)_list.Length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ThrowIfReturned();
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _list.Length);
        _list.BeginUse();
        return new MemoryHandle(_start + elementIndex, default, this);
    }

    public override void Unpin() => _list.EndUse();

    protected override void Dispose(bool disposing)
    {
        ThrowIfReturned();
        _list.Dispose();
        _list = default;
        _start = null;
        _pool.Recycle(this);
    }

    private void ThrowIfReturned() => ObjectDisposedException.ThrowIf(_start is null, typeof(IMemoryOwner<byte>));
}
