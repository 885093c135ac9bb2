using System.Runtime.InteropServices;
using DmIoUring.Memory;

namespace DmIoUring.TestSupport;

/// <summary>Cheap memory for the pool that counts what is mapped, fails on command and poisons what is unmapped.</summary>
#pragma warning disable MA0012 // What the host's own memory throws.
internal sealed unsafe class CountedExtents : IExtentSource
{
    private readonly HashSet<nint> _mapped = [];

    public int Mapped => _mapped.Count;

    public long MappedBytes { get; private set; }

    /// <summary>Mappings to grant before one fails.</summary>
    public int Grants { get; set; } = int.MaxValue;

    public long Available { get; set; } = long.MaxValue;

    /// <summary>Runs inside of each mapping.</summary>
    public Action<CancellationToken>? WhileMapping { get; set; }

    public void EnsureAvailable(long bytes)
    {
        if (bytes > Available)
            throw new InsufficientMemoryException($"{bytes}");
    }

    public MappedExtent Map(long bytes, CancellationToken cancellationToken)
    {
        WhileMapping?.Invoke(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (Grants-- <= 0)
            throw new InsufficientMemoryException($"{bytes}");
        byte* start = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, PagePool.PageSize);
        if (bytes <= 1 << 24)
            NativeMemory.Clear(start, (nuint)bytes);
        lock (_mapped)
        {
            Assert.True(_mapped.Add((nint)start));
            MappedBytes += bytes;
        }

        return new MappedExtent(start, bytes);
    }

    public void Unmap(MappedExtent extent)
    {
        lock (_mapped)
        {
            Assert.True(_mapped.Remove((nint)extent.Start), "Unmapped twice.");
            MappedBytes -= extent.Length;
        }

        NativeMemory.AlignedFree(extent.Start);
    }

    public IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents) => [];
}
#pragma warning restore MA0012
