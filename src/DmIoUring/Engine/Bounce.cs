using System.Runtime.InteropServices;

namespace DmIoUring.Engine;

/// <summary>
/// A few pieces of aligned memory of the engine's own, which chunks with misaligned memory travel through. Taken from the
/// host with the first such chunk and kept; a chunk that finds none free waits for another's end, so that one is always
/// enough to go on.
/// </summary>
internal sealed unsafe class Bounce(int pieceBytes) : IDisposable
{
    private const int Pieces = 4;
    private const int Page = 4096;
    private readonly BufferCursor[] _origins = new BufferCursor[Pieces];
    private readonly uint[] _lengths = new uint[Pieces];
    private byte* _memory;
    private int _free = (1 << Pieces) - 1;

    /// <summary>The longest chunk that fits into a piece: a multiple of every logical block, which is 64 KiB at most.</summary>
    public int PieceBytes => pieceBytes;

    /// <summary>Takes a piece for a chunk whose own memory begins at a place in its request's buffer.</summary>
    /// <returns>Whether one was free.</returns>
    public bool TryTake(in BufferCursor origin, uint length, out byte piece, out byte* memory)
    {
        if (_free == 0)
        {
            piece = Chunk.NoBounce;
            memory = null;
            return false;
        }

        if (_memory is null)
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(pieceBytes * Pieces), Page);
        piece = (byte)int.TrailingZeroCount(_free);
        _free &= _free - 1;
        _origins[piece] = origin;
        _lengths[piece] = length;
        memory = _memory + (piece * pieceBytes);
        return true;
    }

    /// <summary>Gives a piece back; a read's bytes go where they belong first.</summary>
    public void Return(byte piece, in RequestBuffer buffer, bool copyBack)
    {
        if (copyBack)
            buffer.CopyFrom(_origins[piece], _memory + (piece * pieceBytes), _lengths[piece]);
        _free |= 1 << piece;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
