namespace DmIoUring.Memory;

/// <summary>Where the pool's memory comes from: the host, or a test that runs out of it on purpose.</summary>
internal interface IExtentSource
{
    /// <summary>Says no before anything is mapped.</summary>
    /// <param name="bytes">What all the extents to come need together.</param>
    /// <exception cref="OutOfMemoryException">The host has not that much.</exception>
    void EnsureAvailable(long bytes);

    /// <summary>Maps zeroed memory with every page present.</summary>
    /// <param name="bytes">How much, a multiple of the page; aligned to 2 MiB when it is as large as that.</param>
    /// <param name="cancellationToken">Looked at while pages are being made present.</param>
    /// <exception cref="OutOfMemoryException">The host has not that much; nothing stays mapped.</exception>
    /// <exception cref="OperationCanceledException">Nothing stays mapped.</exception>
    MappedExtent Map(long bytes, CancellationToken cancellationToken);

    void Unmap(MappedExtent extent);

    /// <summary>What the host gave and what it refused, in names and values.</summary>
    IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents);
}

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
