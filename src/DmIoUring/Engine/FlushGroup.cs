namespace DmIoUring.Engine;

/// <summary>The flushes of one device that are in flight: one that the kernel has or will get, and those that wait for it or for the next.</summary>
internal unsafe struct FlushGroup(Chunk* chunks)
{
    private const int None = -1;

    /// <summary>The value of <see cref="Turn"/> while the flush's entry is not written.</summary>
    public const long NotIssued = -1;

    private int _leader = None;

    /// <summary>The turn in which the flush's entry was written; until the ring is entered the kernel has not begun it.</summary>
    public long Turn = NotIssued;

    /// <summary>Flushes that this one does the work of.</summary>
    public ChunkList Joined = new(chunks);

    /// <summary>Flushes that were asked for when it had begun: it may miss what they are to cover.</summary>
    public ChunkList Later = new(chunks);

    /// <summary>How many are in the two lists.</summary>
    public int Waiting;

    /// <summary>Whether a flush is in flight.</summary>
    public readonly bool IsInFlight => _leader != None;

    /// <summary>The chunk that has, or gets, the entry.</summary>
    public readonly bool IsLedBy(int chunk) => _leader == chunk;

    public void Lead(int chunk)
    {
        _leader = chunk;
        Turn = NotIssued;
    }

    public void End() => _leader = None;
}
