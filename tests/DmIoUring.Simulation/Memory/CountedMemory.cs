using System.Buffers;

namespace DmIoUring.Simulation.Memory;

/// <summary>A piece of the arena behind <see cref="Memory{T}"/> that knows whether it is pinned.</summary>
internal sealed unsafe class CountedMemory(MemoryRange range) : MemoryManager<byte>
{
    public int Pins { get; private set; }

    public override Span<byte> GetSpan() => range.Span;

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        Pins++;
        return new MemoryHandle((byte*)range.Start + elementIndex, pinnable: this);
    }

    public override void Unpin() => Pins--;

    protected override void Dispose(bool disposing)
    {
    }
}
