using DmIoUring.Memory;

namespace DmIoUring.Simulation.Kernel;

/// <summary>The pool's table of registered memory, which the ring clones.</summary>
/// <param name="mappingAt">Tells which mapping of the pool's lies at an address; 0 for none.</param>
internal sealed unsafe class SimulatedBufferTable(Func<nint, long> mappingAt) : IBufferTable
{
    public const int OnlyDescriptor = 77;

    public int Descriptor => OnlyDescriptor;

    public Dictionary<int, (nint Start, long Length, long Mapping)> Registered { get; } = [];

    public int Open(int slots) => 0;

    public int RegisterBuffer(int slot, byte* start, long length)
    {
        Registered.Remove(slot);
        if (start is not null)
            Registered[slot] = ((nint)start, length, mappingAt((nint)start));
        return 0;
    }

    public void Dispose()
    {
    }
}
