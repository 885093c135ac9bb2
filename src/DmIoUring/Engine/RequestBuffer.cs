using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>
/// The memory of a request as runs of addresses, whichever of dm-io's three data services it came by: one run, an array of
/// vectors, or a list of pages.
/// </summary>
internal unsafe struct RequestBuffer
{
    private readonly IoVector* _vectors;
    private readonly int _count;
    private readonly PageList _pages;
    private readonly int _firstOffset;
    private byte* _start;

    public RequestBuffer(byte* start) => _start = start;

    /// <summary>Pages, the first of them from an offset on.</summary>
    public RequestBuffer(in PageList pages, int firstOffset)
    {
        _pages = pages;
        _firstOffset = firstOffset;
    }

    public RequestBuffer(IoVector* vectors, int count)
    {
        _vectors = vectors;
        _count = count;
    }

    /// <summary>Makes a buffer that is <see langword="default"/> or one run into one of one run: two stores less than a new one.</summary>
    public void SetRun(byte* start) => _start = start;

    /// <summary>The place that many bytes into the buffer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly BufferCursor Seek(long offset) => _pages.Count == 0 && _vectors is null
        ? new BufferCursor { Pointer = _start + offset, Left = long.MaxValue }
        : SeekRun(offset);

    private readonly BufferCursor SeekRun(long offset)
    {
        if (_pages.Count > 0)
            return NextPages(_pages.CursorAt(offset + _firstOffset));
        BufferCursor cursor = default;
        MoveNext(ref cursor);
        Advance(ref cursor, offset);
        return cursor;
    }

    /// <summary>Goes to the next run. The cursor's run is used up; at the buffer's end nothing is left in it.</summary>
    public readonly void MoveNext(ref BufferCursor cursor)
    {
        if (_pages.Count > 0)
        {
            cursor = NextPages(new PageCursor(cursor.Next, 0));
            return;
        }

        if (cursor.Next >= _count)
        {
            cursor.Left = 0;
            return;
        }

        ref readonly IoVector vector = ref _vectors[cursor.Next++];
        cursor.Pointer = (byte*)vector.Pointer;
        cursor.Left = (long)vector.Length;
    }

    private readonly BufferCursor NextPages(PageCursor at)
    {
        _pages.TryGetRun(ref at, long.MaxValue, out byte* start, out long length);
        return new BufferCursor { Pointer = start, Left = length, Next = at.Run };
    }

    /// <summary>Goes forward; the cursor then stands at a byte and not behind a run, unless the buffer ends there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Advance(ref BufferCursor cursor, long bytes)
    {
        while (bytes >= cursor.Left)
        {
            bytes -= cursor.Left;
            MoveNext(ref cursor);
            if (cursor.Left == 0)
                return;
        }

        cursor.Pointer += bytes;
        cursor.Left -= bytes;
    }

    /// <summary>Zeroes bytes from a place on.</summary>
    public readonly void Clear(BufferCursor from, long bytes)
    {
        while (bytes > 0)
        {
            long step = Math.Min(bytes, from.Left);
            NativeMemory.Clear(from.Pointer, (nuint)step);
            bytes -= step;
            Advance(ref from, step);
        }
    }

    /// <summary>Copies bytes from a place on to contiguous memory.</summary>
    public readonly void CopyTo(BufferCursor from, byte* to, long bytes)
    {
        while (bytes > 0)
        {
            long step = Math.Min(bytes, from.Left);
            NativeMemory.Copy(from.Pointer, to, (nuint)step);
            to += step;
            bytes -= step;
            Advance(ref from, step);
        }
    }

    /// <summary>Copies contiguous memory to a place and on.</summary>
    public readonly void CopyFrom(BufferCursor to, byte* from, long bytes)
    {
        while (bytes > 0)
        {
            long step = Math.Min(bytes, to.Left);
            NativeMemory.Copy(from, to.Pointer, (nuint)step);
            from += step;
            bytes -= step;
            Advance(ref to, step);
        }
    }

    /// <summary>Whether a part of the buffer can travel as it is: every run starts on a multiple of one alignment and, but for the last, is as long as a multiple of the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsAligned(in BufferCursor from, long bytes, int address, int segment) =>
        ((nint)from.Pointer & (address - 1)) == 0 && (bytes <= from.Left || AreRunsAligned(from, bytes, address, segment));

    private readonly bool AreRunsAligned(BufferCursor from, long bytes, int address, int segment)
    {
        while (bytes > 0)
        {
            if (((nint)from.Pointer & (address - 1)) != 0)
                return false;
            if (bytes <= from.Left)
                return true;
            if ((from.Left & (segment - 1)) != 0)
                return false;
            bytes -= from.Left;
            Advance(ref from, from.Left);
        }

        return true;
    }
}

/// <summary>A place in a request's buffer: what is left of the run of memory there, and which run comes next.</summary>
internal unsafe struct BufferCursor
{
    public byte* Pointer;

    /// <summary>Bytes from <see cref="Pointer"/> to the run's end.</summary>
    public long Left;

    /// <summary>Where the run after this one is found; its meaning is the buffer's.</summary>
    public int Next;
}
