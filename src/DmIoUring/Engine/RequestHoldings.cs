using System.Buffers;
using DmIoUring.Memory;

namespace DmIoUring.Engine;

/// <summary>What a request keeps beyond its devices until the kernel is done with it: pinned memory, pool pages, a copy. Used again.</summary>
internal sealed unsafe class RequestHoldings
{
    private MemoryHandle _pin;
    private PageList _pages;
    private SegmentStore? _segments;
    private bool _ownsPages;

    /// <summary>Where the first failure of every region goes.</summary>
    public IoReport? Report { get; private set; }

    /// <summary>Takes a buffer into keeping.</summary>
    /// <param name="buffer">The caller's memory.</param>
    /// <param name="copy">Pages for a private copy of it, returned with <see cref="LetGo"/>; empty for none.</param>
    /// <param name="report">The caller's report.</param>
    /// <returns>The memory to transfer from or to.</returns>
    public RequestBuffer Hold(in IoBuffer buffer, in PageList copy, IoReport? report)
    {
        Report = report;
        report?.Clear();
        if (copy.Count == 0)
            return Pin(buffer);
        Use(copy);
        _ownsPages = true;
        return CopyTo(copy, Pin(buffer), buffer.Length);
    }

    public void LetGo()
    {
        Unpin();
        ReleasePages();
        Report = null;
    }

    /// <summary>Keeps managed memory where it is.</summary>
    private RequestBuffer Pin(in IoBuffer buffer)
    {
        switch (buffer.Kind)
        {
            case IoBufferKind.Native or IoBufferKind.Memory:
                _pin = buffer.Pin(out byte* start);
                return new RequestBuffer(start);
            case IoBufferKind.Vectors:
                _pin = buffer.VectorArray.Pin();
                return new RequestBuffer((IoVector*)_pin.Pointer, buffer.VectorArray.Length);
            case IoBufferKind.Pages:
                if (!_ownsPages)
                    Use(buffer.PageList);
                return new RequestBuffer(buffer.PageList, buffer.FirstOffset);
            default:
                _segments ??= new SegmentStore();
                foreach (Memory<byte> segment in buffer.Segments.Span)
                    _segments.Add(segment);
                foreach (ReadOnlyMemory<byte> segment in buffer.Sequence)
                    _segments.Add(segment);
                return _segments.Buffer;
        }
    }

    /// <summary>Copies the caller's memory into the request's own pages, and lets go of the caller's.</summary>
    private RequestBuffer CopyTo(in PageList copy, in RequestBuffer caller, long length)
    {
        BufferCursor from = caller.Seek(0);
        PageCursor at = copy.CursorAt(0);
        while (length > 0 && copy.TryGetRun(ref at, length, out byte* start, out long run))
        {
            caller.CopyTo(from, start, run);
            caller.Advance(ref from, run);
            length -= run;
        }

        Unpin();
        return new RequestBuffer(copy, 0);
    }

    private void Unpin()
    {
        _pin.Dispose();
        _pin = default;
        _segments?.Release();
    }

    private void Use(in PageList pages)
    {
        pages.BeginUse();
        _pages = pages;
    }

    private void ReleasePages()
    {
        if (_pages.Count == 0)
            return;
        PageList pages = _pages;
        _pages = default;
        pages.EndUse();
        if (_ownsPages)
            pages.Dispose();
        _ownsPages = false;
    }
}
