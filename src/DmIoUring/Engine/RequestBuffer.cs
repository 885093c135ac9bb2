using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>
/// The memory of a request as contiguous runs, for each of dm-io's three data services: one run, an array of
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

    /// <summary>A buffer of pages that begins at an offset in the first page.</summary>
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

    /// <summary>Sets a buffer that is <see langword="default"/> or one run to another run: two stores less than a new buffer.</summary>
    public void SetRun(byte* start) => _start = start;

    /// <summary>A cursor at an offset in bytes.</summary>
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

    /// <summary>Moves to the next run. At the buffer's end <see cref="BufferCursor.Left"/> is 0.</summary>
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

    /// <summary>Moves forward. Afterwards the cursor is at a byte and not at the end of a run, unless the buffer ends there.</summary>
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

    /// <summary>Zeroes bytes from a cursor on.</summary>
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

    /// <summary>Copies bytes from a cursor on to contiguous memory.</summary>
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

    /// <summary>Copies contiguous memory into the buffer from a cursor on.</summary>
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

    /// <summary>Whether a part of the buffer needs no bounce buffer: every run starts on a multiple of one alignment, and the length of each but the last is a multiple of the other.</summary>
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

/// <summary>A position in a request's buffer: what is left of the current run, and which run is next.</summary>
internal unsafe struct BufferCursor
{
    public byte* Pointer;

    /// <summary>Bytes from <see cref="Pointer"/> to the run's end.</summary>
    public long Left;

    /// <summary>Identifies the next run; its meaning depends on the kind of buffer.</summary>
    public int Next;
}
