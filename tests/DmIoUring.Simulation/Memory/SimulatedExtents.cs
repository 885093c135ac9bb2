using System.Runtime.InteropServices;
using DmIoUring.Memory;

namespace DmIoUring.Simulation.Memory;

/// <summary>
/// Memory for a page pool without the host: a mapping likes to come back at the address of one that went, which is when a
/// registration of the old pages does harm.
/// </summary>
internal sealed unsafe class SimulatedExtents : IExtentSource, IDisposable
{
    private readonly List<MappedExtent> _mapped = [];
    private readonly List<long> _numbers = [];
    private readonly List<MappedExtent> _spare = [];
    private long _mappings;

    public int Mapped => _mapped.Count;

    /// <summary>The number of the mapping at an address, 0 for none; a later one at the same address has another.</summary>
    public long MappingAt(nint address)
    {
        int index = _mapped.FindIndex(extent => address >= (nint)extent.Start && address < (nint)extent.Start + extent.Length);
        return index < 0 ? 0 : _numbers[index];
    }

    public void EnsureAvailable(long bytes)
    {
    }

    public MappedExtent Map(long bytes, CancellationToken cancellationToken)
    {
        int spare = _spare.FindIndex(extent => extent.Length == bytes);
        MappedExtent mapped = spare < 0 ? new((byte*)NativeMemory.AlignedAlloc((nuint)bytes, PagePool.PageSize), bytes) : _spare[spare];
        if (spare >= 0)
            _spare.RemoveAt(spare);
        NativeMemory.Clear(mapped.Start, (nuint)bytes);
        _mapped.Add(mapped);
        _numbers.Add(++_mappings);
        return mapped;
    }

    public void Unmap(MappedExtent extent)
    {
        int index = _mapped.IndexOf(extent);
        _mapped.RemoveAt(index);
        _numbers.RemoveAt(index);
        _spare.Add(extent);
    }

    public IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents) => [];

    public void Dispose()
    {
        foreach (MappedExtent extent in _mapped.Concat(_spare))
            NativeMemory.AlignedFree(extent.Start);
    }
}
