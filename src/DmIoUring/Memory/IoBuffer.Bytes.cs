using System.Buffers;

namespace DmIoUring;

/// <content>What is in it.</content>
public readonly unsafe partial struct IoBuffer
{
    /// <summary>A part of the buffer as a span, which copies nothing.</summary>
    /// <param name="offset">The part's first byte, counted from the buffer's beginning.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="bytes">The part; empty where the result is <see langword="false"/>. Not to be used after the memory is freed or the pages are returned.</param>
    /// <returns>Whether the part is in one piece. Of pages never: <see cref="CopyTo"/> has them.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    public bool TryGetSpan(long offset, int length, out ReadOnlySpan<byte> bytes)
    {
        CheckPart(offset, length);
        switch (_kind)
        {
            case IoBufferKind.Memory:
                bytes = _memory.Span.Slice((int)offset, length);
                return true;
            case IoBufferKind.Native:
                _owner?.ThrowIfDisposed();
                bytes = new ReadOnlySpan<byte>(_pointer + offset, length);
                return true;
            case IoBufferKind.Sequence when _sequence.IsSingleSegment:
                bytes = _sequence.FirstSpan.Slice((int)offset, length);
                return true;
            case IoBufferKind.Vectors or IoBufferKind.Segments:
                ReadOnlySpan<byte> piece = PieceAt(offset);
                bytes = piece.Length >= length ? piece[..length] : default;
                return piece.Length >= length;
            default:
                bytes = default;
                return length == 0;
        }
    }

    /// <summary>Copies bytes out of the buffer.</summary>
    /// <param name="offset">The first byte to copy, counted from the buffer's beginning.</param>
    /// <param name="destination">Where to; all of it is filled.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed, or the pages were returned.</exception>
    public void CopyTo(long offset, Span<byte> destination)
    {
        CheckPart(offset, destination.Length);
        if (_kind == IoBufferKind.Pages)
        {
            _pages.CopyTo(destination, _firstOffset + offset);
        }
        else if (_kind == IoBufferKind.Sequence)
        {
            _sequence.Slice(offset, destination.Length).CopyTo(destination);
        }
        else if (TryGetSpan(offset, destination.Length, out ReadOnlySpan<byte> bytes))
        {
            bytes.CopyTo(destination);
        }
        else
        {
            while (!destination.IsEmpty)
            {
                ReadOnlySpan<byte> piece = PieceAt(offset);
                piece = piece[..Math.Min(piece.Length, destination.Length)];
                piece.CopyTo(destination);
                destination = destination[piece.Length..];
                offset += piece.Length;
            }
        }
    }

    /// <summary>The rest, up to 2 GiB of it, of the vector or segment that a byte is in; empty at the end.</summary>
    private ReadOnlySpan<byte> PieceAt(long offset)
    {
        if (_kind == IoBufferKind.Segments)
        {
            foreach (Memory<byte> segment in _segments.Span)
            {
                if (offset < segment.Length)
                    return segment.Span[(int)offset..];
                offset -= segment.Length;
            }

            return default;
        }

        foreach (IoVector vector in _vectors.Span)
        {
            if (offset < (long)vector.Length)
                return new ReadOnlySpan<byte>((byte*)vector.Pointer + offset, (int)Math.Min(int.MaxValue, (long)vector.Length - offset));
            offset -= (long)vector.Length;
        }

        return default;
    }

    private void CheckPart(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, _length - length);
    }
}
