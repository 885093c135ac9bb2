namespace DmIoUring.Engine;

/// <summary>Indices of chunks, first in, first out; each at most once. For chunks that may be in a <see cref="ChunkList"/> while they are appended.</summary>
/// <param name="capacity">How many chunks there are.</param>
internal sealed class ChunkQueue(int capacity)
{
    private readonly int[] _indices = new int[capacity];
    private int _first;

    public int Count { get; private set; }

    public void Append(int chunk)
    {
        int at = _first + Count++;
        _indices[at < _indices.Length ? at : at - _indices.Length] = chunk;
    }

    /// <summary>Removes the oldest. The queue must not be empty.</summary>
    public int RemoveFirst()
    {
        int chunk = _indices[_first];
        if (++_first == _indices.Length)
            _first = 0;
        Count--;
        return chunk;
    }
}
