using System.Buffers;

namespace DmIoUring;

/// <content>What is in it.</content>
public readonly unsafe partial struct IoBuffer
{
    /// <summary>Copies bytes out of the buffer.</summary>
    /// <param name="offset">The first byte to copy, counted from the buffer's beginning.</param>
    /// <param name="destination">Where to; all of it is filled.</param>
    /// <remarks>
    /// While it copies, memory whose owner is known (<see cref="IoMemory"/>, <see cref="Memory{T}"/>) stays allocated although another thread disposes it, and pages can't be returned, as while a
    /// request uses them.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed, or the pages were returned.</exception>
    public void CopyTo(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, _length - destination.Length);
        ThrowIfGone();
        if (destination.IsEmpty)
            return;
        switch (_kind)
        {
            case IoBufferKind.Pages:
                CopyPages(offset, destination);
                break;
            case IoBufferKind.Vectors:
                CopyVectors(offset, destination);
                break;
            case IoBufferKind.Segments:
                foreach (Memory<byte> segment in _segments.Span)
                    CopyPiece(segment, ref offset, ref destination);
                break;
            case IoBufferKind.Sequence:
                foreach (ReadOnlyMemory<byte> segment in _sequence)
                    CopyPiece(segment, ref offset, ref destination);
                break;
            default:
                using (Pin(out byte* start))
                    new ReadOnlySpan<byte>(start + offset, destination.Length).CopyTo(destination);
                break;
        }
    }

    /// <summary>Copies what a piece has of a part that begins so many bytes behind the piece's beginning, and leaves what the pieces after it have.</summary>
    private static void CopyPiece(ReadOnlyMemory<byte> piece, ref long offset, ref Span<byte> destination)
    {
        if (destination.IsEmpty)
            return;
        if (offset >= piece.Length)
        {
            offset -= piece.Length;
            return;
        }

        int length = Math.Min(piece.Length - (int)offset, destination.Length);
        using (MemoryHandle pin = piece.Pin())
            new ReadOnlySpan<byte>((byte*)pin.Pointer + offset, length).CopyTo(destination);
        offset = 0;
        destination = destination[length..];
    }

    private void CopyVectors(long offset, Span<byte> destination)
    {
        foreach (IoVector vector in _vectors.Span)
        {
            if (offset >= (long)vector.Length)
            {
                offset -= (long)vector.Length;
                continue;
            }

            int length = (int)Math.Min(destination.Length, (long)vector.Length - offset);
            new ReadOnlySpan<byte>((byte*)vector.Pointer + offset, length).CopyTo(destination);
            destination = destination[length..];
            if (destination.IsEmpty)
                return;
            offset = 0;
        }
    }

    private void CopyPages(long offset, Span<byte> destination)
    {
        _pages.BeginUse();
        try
        {
            _pages.CopyTo(destination, _firstOffset + offset);
        }
        finally
        {
            _pages.EndUse();
        }
    }
}
