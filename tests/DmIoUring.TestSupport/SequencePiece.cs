using System.Buffers;

namespace DmIoUring.TestSupport;

internal sealed class SequencePiece : ReadOnlySequenceSegment<byte>
{
    public SequencePiece(ReadOnlyMemory<byte> memory, SequencePiece? previous)
    {
        Memory = memory;
        if (previous is null)
            return;
        RunningIndex = previous.RunningIndex + previous.Memory.Length;
        previous.Next = this;
    }
}
