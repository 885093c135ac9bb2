using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Memory;

namespace DmIoUring.Engine;

/// <summary>The memory of a request until the kernel has completed it: pinned memory, pool pages, a private copy; and its report. Reused with the request.</summary>
internal sealed unsafe class RequestMemory
{
    private PinKind _pinned;
    private IoMemory? _owner;
    private SharedPins? _pins;
    private int _sharedPin;
    private Extent? _extent;
    private int _firstPage;
    private ArrayPin? _array;
    private MemoryHandle _pin;
    private PageList _pages;
    private SegmentStore? _segments;
    private bool _ownsPages;

    /// <summary>What is pinned.</summary>
    private enum PinKind : byte
    {
        Nothing,

        // By the fast path, and nothing else is held then: no report, no copy.
        FastOwner,
        FastPages,
        FastArray,

        // By the slow path.
        Owner,
        Array,
        Handle,
        Segments,
    }

    /// <summary>Receives the first failure of every region.</summary>
    public IoReport? Report { get; private set; }

    /// <summary>The offset in the caller's buffer at which the copy begins, in bytes; 0 without a copy.</summary>
    public long CopyStart { get; private set; }

    private long CopyLength { get; set; }

    /// <summary>Takes ownership of pages for a private copy; <see cref="Release"/> returns them.</summary>
    /// <param name="copy">The pages.</param>
    /// <param name="start">The first byte of the caller's buffer to copy.</param>
    /// <param name="length">How many.</param>
    public void TakeCopy(in PageList copy, long start, long length)
    {
        Use(copy);
        _ownsPages = true;
        CopyStart = start;
        CopyLength = length;
    }

    /// <summary>Pins a buffer, or makes the private copy of it when pages were taken for one.</summary>
    /// <param name="buffer">The caller's memory.</param>
    /// <param name="report">The caller's report.</param>
    /// <returns>The memory to transfer from or to.</returns>
    public RequestBuffer Pin(in IoBuffer buffer, IoReport? report)
    {
        Report = report;
        report?.Clear();
        return _ownsPages ? Copy(PinCallers(buffer)) : PinCallers(buffer);
    }

    public void ForgetReport() => Report = null;

    /// <summary>Pins a contiguous buffer without an allocation and without an exception.</summary>
    /// <param name="buffer">The caller's memory; not a raw pointer.</param>
    /// <param name="pins">The pins of the thread that owns the engine; the request is released on it.</param>
    /// <param name="memory">Its first byte.</param>
    /// <returns>False where <see cref="Pin"/> must be used: the buffer was disposed, is scattered, or needs an allocation. Nothing is pinned then.</returns>
    public bool TryPinContiguous(in IoBuffer buffer, SharedPins pins, out byte* memory)
    {
        memory = buffer.Pointer;
        return buffer.Kind switch
        {
            IoBufferKind.Native => TryPin(buffer.Owner!, pins),
            IoBufferKind.Memory => TryPin(buffer.Memory, pins, out memory),
            IoBufferKind.Pages => TryPin(buffer.PageList, buffer.FirstOffset, out memory),
            _ => false,
        };
    }

    /// <summary>Unpins what the fast path pinned.</summary>
    /// <returns>False where the slow path pinned: <see cref="Release"/> unpins that, and what else is held with it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ReleaseContiguous()
    {
        switch (_pinned)
        {
            case PinKind.FastOwner:
                _pins!.Release(_sharedPin);
                break;
            case PinKind.FastPages:
                new PageUse(_extent!, _firstPage).End();
                break;
            case PinKind.FastArray:
                _array!.Unpin();
                break;
            default:
                return false;
        }

        _pinned = PinKind.Nothing;
        return true;
    }

    /// <summary>Releases all memory and forgets the report.</summary>
    public void Release()
    {
        if (_pinned != PinKind.Nothing)
            Unpin();
        if (_pages.Count != 0)
            ReleasePages();
        Report = null;
        CopyStart = 0;
    }

    private RequestBuffer PinCallers(in IoBuffer buffer)
    {
        switch (buffer.Kind)
        {
            case IoBufferKind.Native:
                if (buffer.Owner is { } owner)
                {
                    owner.AddPin();
                    Own(owner);
                }

                return new RequestBuffer(buffer.Pointer);
            case IoBufferKind.Memory:
                return new RequestBuffer(PinMemory(buffer.Memory));
            case IoBufferKind.Vectors:
                _pin = buffer.VectorArray.Pin();
                _pinned = PinKind.Handle;
                return new RequestBuffer((IoVector*)_pin.Pointer, buffer.VectorArray.Length);
            case IoBufferKind.Pages:
                if (!_ownsPages)
                    Use(buffer.PageList);
                return new RequestBuffer(buffer.PageList, buffer.FirstOffset);
            default:
                _segments ??= new SegmentStore();
                _pinned = PinKind.Segments;
                foreach (Memory<byte> segment in buffer.Segments.Span)
                    _segments.Add(segment);
                foreach (ReadOnlyMemory<byte> segment in buffer.Sequence)
                    _segments.Add(segment);
                return _segments.Buffer;
        }
    }

    /// <summary>Pins memory whose owner is known: with a shared pin, or with its own where too much memory is under way for those.</summary>
    /// <returns>False when it was disposed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPin(IoMemory owner, SharedPins pins)
    {
        int shared = pins.TryAdd(owner);
        if (shared != SharedPins.None)
        {
            // The same ones from request to request: a reference that is stored is told to the garbage collector.
            if (_pins != pins)
                _pins = pins;
            _sharedPin = shared;
            _pinned = PinKind.FastOwner;
            return true;
        }

        return TryPinAlone(owner);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryPinAlone(IoMemory owner)
    {
        if (!owner.TryAddPin())
            return false;
        Own(owner);
        return true;
    }

    private bool TryPin(Memory<byte> memory, SharedPins pins, out byte* start)
    {
        start = null;
        if (MemoryMarshal.TryGetArray((ReadOnlyMemory<byte>)memory, out ArraySegment<byte> segment))
        {
            if (segment.Array is not { } array || _array is null)
                return false;
            start = _array.Pin(array) + segment.Offset;
            _pinned = PinKind.FastArray;
            return true;
        }

        if (!MemoryMarshal.TryGetMemoryManager<byte, IoMemory>(memory, out IoMemory? owner, out int offset, out _) || !TryPin(owner, pins))
            return false;
        start = owner.FirstByte + offset;
        return true;
    }

    private bool TryPin(in PageList pages, int firstOffset, out byte* start)
    {
        start = null;
        if (!pages.TryBeginContiguousUse(out PageUse use))
            return false;
        if (_extent != use.Extent)
            _extent = use.Extent;
        _firstPage = use.Page;
        _pinned = PinKind.FastPages;
        start = use.Start + firstOffset;
        return true;
    }

    private void Own(IoMemory owner)
    {
        _owner = owner;
        _pinned = PinKind.Owner;
    }

    private byte* PinMemory(Memory<byte> memory)
    {
        // Reusing a handle costs a fraction of allocating and freeing one for each request.
        if (MemoryMarshal.TryGetArray((ReadOnlyMemory<byte>)memory, out ArraySegment<byte> segment) && segment.Array is { } array)
        {
            _array ??= new ArrayPin();
            _pinned = PinKind.Array;
            return _array.Pin(array) + segment.Offset;
        }

        _pin = memory.Pin();
        _pinned = PinKind.Handle;
        return (byte*)_pin.Pointer;
    }

    /// <summary>Copies the caller's memory into the pages of the private copy, and unpins the caller's.</summary>
    private RequestBuffer Copy(in RequestBuffer caller)
    {
        BufferCursor from = caller.Seek(CopyStart);
        PageCursor at = _pages.CursorAt(0);
        for (long left = CopyLength; left > 0 && _pages.TryGetRun(ref at, left, out byte* start, out long run); left -= run)
        {
            caller.CopyTo(from, start, run);
            caller.Advance(ref from, run);
        }

        Unpin();
        return new RequestBuffer(_pages, 0);
    }

    private void Unpin()
    {
        if (ReleaseContiguous())
            return;
        switch (_pinned)
        {
            case PinKind.Owner:
                _owner!.Unpin();
                _owner = null;
                break;
            case PinKind.Array:
                _array!.Unpin();
                break;
            case PinKind.Handle:
                _pin.Dispose();
                _pin = default;
                break;
            case PinKind.Segments:
                _segments!.Release();
                break;
        }

        _pinned = PinKind.Nothing;
    }

    private void Use(in PageList pages)
    {
        pages.BeginUse();
        _pages = pages;
    }

    private void ReleasePages()
    {
        PageList pages = _pages;
        _pages = default;
        pages.EndUse();
        if (_ownsPages)
            pages.Dispose();
        _ownsPages = false;
    }

    /// <summary>A reusable pinning handle.</summary>
    private sealed class ArrayPin
    {
        private PinnedGCHandle<byte[]?> _handle = new(null);

#pragma warning disable MA0055 // Nothing else frees the handle when the request is collected.
        ~ArrayPin() => _handle.Dispose();
#pragma warning restore MA0055

        public byte* Pin(byte[] array)
        {
            _handle.Target = array;
            return (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        }

        public void Unpin() => _handle.Target = null;
    }
}
