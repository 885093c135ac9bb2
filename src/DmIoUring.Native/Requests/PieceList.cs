using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;

namespace DmIoUring.Native.Requests;

/// <summary>
/// The pieces of a request's scattered memory: C's list is copied in the call, so that only what it points at must stay. Lists are kept for the next
/// request; one that is in flight ends it. It also holds the rented pages that the memory lies in.
/// </summary>
internal sealed unsafe class PieceList
{
    /// <summary>The tag of the callback is the void*.</summary>
    public static readonly IoCompleted Completed = static (result, bytes, context, tag) => ((PieceList)context!).End(result, bytes, (nint)tag);

    private const int MaxKeptLists = 1024;
    private const int MaxKeptPieces = 1024;
    private const int MaxPieces = 1 << 20;
    private static readonly ConcurrentQueue<PieceList> Free = new();

    private readonly List<RentedPages> _held = [];
    private IoVector[] _pieces = NewArray(64);
    private int _count;
    private Notification? _notification;

    /// <summary>Bytes of all pieces.</summary>
    public long Length { get; private set; }

    /// <summary>An empty list.</summary>
    public static PieceList Rent() => Free.TryDequeue(out PieceList? list) ? list : new PieceList();

    /// <summary>The pieces as one buffer.</summary>
    public IoBuffer ToBuffer() => _count == 1
        ? IoBuffer.Contiguous(_pieces[0].Pointer, Length)
        : IoBuffer.Vectors(MemoryMarshal.CreateFromPinnedArray(_pieces, 0, _count));

    /// <summary>Has the list end with a request.</summary>
    public void EndWith(Notification notification) => _notification = notification;

    /// <summary>Keeps pages from being returned while the list lives.</summary>
    /// <exception cref="ObjectDisposedException">They were.</exception>
    public void Hold(RentedPages pages)
    {
        _held.Add(pages);
        try
        {
            pages.BeginUse();
        }
        catch
        {
            _held.RemoveAt(_held.Count - 1);
            throw;
        }
    }

    /// <summary>Keeps rented pages that the pieces lie in from being returned while the list lives.</summary>
    /// <exception cref="ObjectDisposedException">They were.</exception>
    public void HoldPieces()
    {
        for (int i = 0; i < _count; i++)
            HoldAt((nint)_pieces[i].Pointer, (long)_pieces[i].Length);
    }

    /// <summary>Keeps rented pages in a piece of memory from being returned while the list lives.</summary>
    /// <exception cref="ObjectDisposedException">They were.</exception>
    public void HoldAt(nint start, long length)
    {
        if (RentedPages.IsFarFrom(start, length))
            return;
        RentedPages? last = null;
        (nint first, nint end) = RentedPages.Near(start, length);
        for (nint page = first & -PageList.PageSize; page < end; page += PageList.PageSize)
        {
            if (RentedPages.Of(page) is { } pages && pages != last)
                Hold(last = pages);
        }
    }

    /// <summary>Whether it holds any.</summary>
    public bool HoldsAny => _held.Count > 0;

    /// <summary>Gives the list back.</summary>
    public void Return()
    {
        foreach (RentedPages pages in _held)
            pages.EndUse();
        _held.Clear();
        _count = 0;
        Length = 0;
        _notification = null;
        if (_pieces.Length <= MaxKeptPieces && Free.Count < MaxKeptLists)
            Free.Enqueue(this);
    }

    /// <summary>Adds a piece; one that follows the last in memory makes that longer.</summary>
    public void Add(byte* start, long length)
    {
        Length += length;
        if (_count > 0)
        {
            IoVector last = _pieces[_count - 1];
            if ((byte*)last.Pointer + last.Length == start)
            {
                _pieces[_count - 1] = new IoVector(last.Pointer, last.Length + (nuint)length);
                return;
            }
        }

        if (_count == _pieces.Length)
            Grow();
        _pieces[_count++] = new IoVector(start, (nuint)length);
    }

    private static IoVector[] NewArray(int length) => GC.AllocateUninitializedArray<IoVector>(length, pinned: true);

    private void Grow()
    {
        if (_count == MaxPieces)
            throw new NativeException(Errno.E2BIG, $"The memory is in more than {MaxPieces} pieces.");
        IoVector[] larger = NewArray(_count * 2);
        _pieces.CopyTo(larger, 0);
        _pieces = larger;
    }

    private void End(in IoResult result, long bytes, nint context)
    {
        Notification notification = _notification!;
        Return();
        notification.End(result, bytes, context);
    }
}
