using System.Buffers;

namespace DmIoUring.Engine;

/// <summary>Pins the pieces of scattered managed memory and lists them as vectors while their request is in flight. Its arrays grow and are reused.</summary>
internal sealed unsafe class SegmentStore
{
    private IoVector[] _vectors = GC.AllocateUninitializedArray<IoVector>(16, pinned: true);
    private MemoryHandle[] _pins = new MemoryHandle[16];
    private int _count;

    /// <summary>The pieces added since the last <see cref="Release"/>, as one buffer.</summary>
    public RequestBuffer Buffer
    {
        get
        {
            // The array is pinned as long as it lives.
            fixed (IoVector* vectors = _vectors)
                return new RequestBuffer(vectors, _count);
        }
    }

    /// <summary>Pins a piece. An empty one is skipped.</summary>
    public void Add(ReadOnlyMemory<byte> piece)
    {
        if (piece.IsEmpty)
            return;
        if (_count == _pins.Length)
        {
            IoVector[] larger = GC.AllocateUninitializedArray<IoVector>(_count * 2, pinned: true);
            _vectors.CopyTo(larger, 0);
            _vectors = larger;
            Array.Resize(ref _pins, _count * 2);
        }

        MemoryHandle pin = piece.Pin();
        _pins[_count] = pin;
        _vectors[_count++] = new IoVector(pin.Pointer, (nuint)piece.Length);
    }

    public void Release()
    {
        for (int i = 0; i < _count; i++)
        {
            _pins[i].Dispose();
            _pins[i] = default;
        }

        _count = 0;
    }
}
