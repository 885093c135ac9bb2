using System.Buffers;

namespace DmIoUring.Simulation.Memory;

/// <summary>A piece of a read-only sequence.</summary>
internal sealed class SequencePiece : ReadOnlySequenceSegment<byte>
{
    public SequencePiece(Memory<byte> memory, SequencePiece? before)
    {
        Memory = memory;
        if (before is null)
            return;
        RunningIndex = before.RunningIndex + before.Memory.Length;
        before.Next = this;
    }
}
