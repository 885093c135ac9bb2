namespace DmIoUring.Simulation.Memory;

/// <summary>A piece of native memory.</summary>
internal readonly unsafe record struct MemoryRange(nint Start, int Length)
{
    public Span<byte> Span => new((void*)Start, Length);

    public bool Contains(nint address, long bytes) => address >= Start && address + bytes <= Start + Length;
}
