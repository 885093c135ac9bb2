using System.Buffers;
using DmIoUring.Testing;

namespace DmIoUring.Cli.Stress;

/// <summary>How a buffer is cut and where its pieces lie, in no order of their addresses.</summary>
internal sealed class PieceList
{
    private readonly List<(int Start, int Length)> _pieces = [];

    public int Count => _pieces.Count;

    public (int Start, int Length) this[int index] => _pieces[index];

    /// <summary>Cuts a length; bytes are at least one, so that pieces never get more than a few hundred.</summary>
    public void Cut(int length, int firstByte, bool wholeSectors, ref SeededSequence random)
    {
        _pieces.Clear();
        int most = Math.Max(wholeSectors ? 2 : 1500, length / 200);
        for (int left = length; left > 0; left -= _pieces[^1].Length)
        {
            int piece = 1 + random.Below(wholeSectors ? Math.Max(most / IoRegion.SectorSize, 3) : most);
            _pieces.Add((0, Math.Min(left, wholeSectors ? piece * IoRegion.SectorSize : piece)));
        }

        int[] order = [.. Enumerable.Range(0, _pieces.Count)];
        for (int i = order.Length - 1; i > 0; i--)
        {
            int other = random.Below(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }

        foreach (int piece in order)
        {
            _pieces[piece] = (firstByte, _pieces[piece].Length);
            firstByte += _pieces[piece].Length;
        }
    }

    public void Scatter(ReadOnlySpan<byte> bytes, Span<byte> arena)
    {
        foreach ((int start, int length) in _pieces)
        {
            bytes[..length].CopyTo(arena[start..]);
            bytes = bytes[length..];
        }
    }

    public void Gather(ReadOnlySpan<byte> arena, Span<byte> bytes)
    {
        foreach ((int start, int length) in _pieces)
        {
            arena.Slice(start, length).CopyTo(bytes);
            bytes = bytes[length..];
        }
    }

    public Memory<byte>[] Segments(byte[] arena) => [.. _pieces.Select(piece => arena.AsMemory(piece.Start, piece.Length))];

    public ReadOnlySequence<byte> Sequence(byte[] arena)
    {
        SequencePiece? first = null;
        SequencePiece? last = null;
        foreach ((int start, int length) in _pieces)
        {
            last = new SequencePiece(arena.AsMemory(start, length), last);
            first ??= last;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    public unsafe IoVector[] Vectors(IoMemory arena)
    {
        byte* start = (byte*)arena.Pointer;
        return [.. _pieces.Select(piece => new IoVector(start + piece.Start, (nuint)piece.Length))];
    }
}
