using System.Buffers;

namespace DmIoUring.Testing;

/// <summary>One piece of a sequence.</summary>
internal sealed class SequencePiece : ReadOnlySequenceSegment<byte>
{
    public SequencePiece(ReadOnlyMemory<byte> memory, SequencePiece? before)
    {
        Memory = memory;
        if (before is null)
            return;
        RunningIndex = before.RunningIndex + before.Memory.Length;
        before.Next = this;
    }
}
