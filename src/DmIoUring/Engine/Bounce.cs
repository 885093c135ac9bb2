using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>
/// The engine's bounce buffers: a few pieces of aligned memory through which chunks with misaligned memory are transferred. Allocated with the
/// first such chunk and kept. A chunk that finds no free piece waits until another chunk has ended.
/// </summary>
/// <remarks>One more piece is as large as the largest chunk that could not be split; see <see cref="TryReserve"/>.</remarks>
internal sealed unsafe class Bounce(int pieceBytes, Func<nuint, nint>? allocate = null) : IDisposable
{
    private const int Pieces = 4;
    private const int Large = Pieces;
    private const int LargeBit = 1 << Large;
    private const int Page = 4096;
    private readonly BufferCursor[] _origins = new BufferCursor[Pieces + 1];
    private readonly uint[] _lengths = new uint[Pieces + 1];
    private byte* _memory;
    private byte* _large;
    private long _largeBytes;
    private int _free = (LargeBit << 1) - 1;

    /// <summary>The longest chunk that fits into a piece: a multiple of every logical block, which is 64 KiB at most.</summary>
    public int PieceBytes => pieceBytes;

    /// <summary>Makes sure that there is a piece that is large enough for a chunk, free now or when another chunk has ended.</summary>
    /// <returns>Whether there is; false when the host has no memory for it.</returns>
    public bool TryReserve(long bytes)
    {
        if (bytes <= Math.Max(pieceBytes, _largeBytes) || (_free & LargeBit) == 0)
            return true;
        NativeMemory.AlignedFree(_large);
        _largeBytes = 0;
        _large = (byte*)(allocate ?? Allocate)((nuint)bytes);
        if (_large is null)
            return false;
        _largeBytes = bytes;
        return true;
    }

    /// <summary>Takes a free piece for a chunk whose own memory begins at a position in its request's buffer.</summary>
    /// <returns>Whether one was free.</returns>
    public bool TryTake(in BufferCursor origin, uint length, out byte piece, out byte* memory)
    {
        int free = length <= pieceBytes ? _free & (LargeBit - 1) : length <= _largeBytes ? _free & LargeBit : 0;
        if (free == 0)
        {
            piece = Chunk.NoBounce;
            memory = null;
            return false;
        }

        if (_memory is null)
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(pieceBytes * Pieces), Page);
        piece = (byte)int.TrailingZeroCount(free);
        _free &= ~(1 << piece);
        _origins[piece] = origin;
        _lengths[piece] = length;
        memory = MemoryOf(piece);
        return true;
    }

    /// <summary>Returns a piece to the free ones, after copying a read's bytes to the request's buffer.</summary>
    public void Return(byte piece, in RequestBuffer buffer, bool copyBack)
    {
        if (copyBack)
            buffer.CopyFrom(_origins[piece], MemoryOf(piece), _lengths[piece]);
        _free |= 1 << piece;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        NativeMemory.AlignedFree(_large);
        _memory = null;
        _large = null;
        _largeBytes = 0;
    }

    private byte* MemoryOf(byte piece) => piece == Large ? _large : _memory + (piece * pieceBytes);

    private static nint Allocate(nuint bytes)
    {
        try
        {
            return (nint)NativeMemory.AlignedAlloc(bytes, Page);
        }
        catch (OutOfMemoryException)
        {
            return 0;
        }
    }
}
