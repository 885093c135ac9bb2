namespace DmIoUring.Memory;

/// <summary>Maps the pool's memory: from the host, or in a test that simulates running out of it.</summary>
internal interface IExtentSource
{
    /// <summary>Throws when the host has too little memory, before anything is mapped.</summary>
    /// <param name="bytes">The total size of the extents that will be mapped.</param>
    /// <exception cref="OutOfMemoryException">The host has too little memory.</exception>
    void EnsureAvailable(long bytes);

    /// <summary>Maps zeroed memory with every page populated.</summary>
    /// <param name="bytes">How much, a multiple of the page; aligned to 2 MiB when it is as large as that.</param>
    /// <param name="cancellationToken">Checked while pages are populated.</param>
    /// <exception cref="OutOfMemoryException">The host has too little memory; nothing stays mapped.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing stays mapped.</exception>
    MappedExtent Map(long bytes, CancellationToken cancellationToken);

    void Unmap(MappedExtent extent);

    /// <summary>The features that the host gave to the mappings and those that it refused.</summary>
    IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents);
}

/// <summary>Memory that an <see cref="IExtentSource"/> mapped, and which features the host refused for it.</summary>
internal sealed unsafe class MappedExtent(byte* start, long length)
{
    /// <summary>The value for a feature that was given.</summary>
    public const int Granted = 0;

    /// <summary>The value for a feature that was not asked for.</summary>
    public const int NotAsked = -1;

    public byte* Start => start;

    /// <summary>Bytes.</summary>
    public long Length => length;

    /// <summary>The errno of mapping huge pages of the host's pool (MAP_HUGETLB).</summary>
    public int HugeTlb { get; init; } = NotAsked;

    /// <summary>The errno of asking for transparent huge pages (MADV_HUGEPAGE).</summary>
    public int HugePage { get; init; } = NotAsked;

    /// <summary>The errno of locking it into memory (mlock).</summary>
    public int Lock { get; init; } = NotAsked;
}
