namespace DmIoUring.Memory;

/// <summary>Memory that an <see cref="IExtentSource"/> mapped, and what the host refused for it.</summary>
internal sealed unsafe class MappedExtent(byte* start, long length)
{
    /// <summary>What a refusal is when there was none.</summary>
    public const int Granted = 0;

    /// <summary>What a refusal is when it was not asked for.</summary>
    public const int NotAsked = -1;

    public byte* Start => start;

    /// <summary>Bytes.</summary>
    public long Length => length;

    /// <summary>The errno of mapping huge pages of the host's pool.</summary>
    public int HugeTlb { get; init; } = NotAsked;

    /// <summary>The errno of asking for transparent huge pages.</summary>
    public int HugePage { get; init; } = NotAsked;

    /// <summary>The errno of locking it into memory.</summary>
    public int Lock { get; init; } = NotAsked;
}
