namespace DmIoUring.Engine;

/// <summary>A list of chunks, linked through <see cref="Chunk.Next"/>.</summary>
internal unsafe struct ChunkList(Chunk* chunks)
{
    private readonly Chunk* _chunks = chunks;
    private int _first = -1;
    private int _last = -1;

    public readonly bool IsEmpty => _first < 0;

    /// <summary>The first, or -1.</summary>
    public readonly int First => _first;

    public void Append(int chunk)
    {
        _chunks[chunk].Next = -1;
        if (_first < 0)
            _first = chunk;
        else
            _chunks[_last].Next = chunk;
        _last = chunk;
    }

    /// <summary>Inserts a chunk at the front: the chunk that was used last is still in the cache.</summary>
    public void Prepend(int chunk)
    {
        _chunks[chunk].Next = _first;
        if (_first < 0)
            _last = chunk;
        _first = chunk;
    }

    /// <summary>Removes the first chunk. The list must not be empty.</summary>
    public int RemoveFirst()
    {
        int chunk = _first;
        _first = _chunks[chunk].Next;
        return chunk;
    }

    /// <summary>Removes all chunks.</summary>
    public ChunkList TakeAll()
    {
        ChunkList all = this;
        _first = -1;
        _last = -1;
        return all;
    }
}
