using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.UnitTests.Rings;

/// <summary>A ring's two queues in ordinary memory, with the indices where the test wants them.</summary>
internal sealed unsafe class FakeQueues(uint start)
{
    public const int Entries = 4;

    public delegate void Action(RingLayout layout);

    public void Use(Action action)
    {
        IoUringSqe* entries = (IoUringSqe*)NativeMemory.AllocZeroed(Entries, (nuint)sizeof(IoUringSqe));
        IoUringCqe* completions = (IoUringCqe*)NativeMemory.AllocZeroed(2 * Entries, (nuint)sizeof(IoUringCqe));
        uint* indices = stackalloc uint[4];
        uint flags = 0;
        new Span<uint>(indices, 4).Fill(start);
        try
        {
            action(new RingLayout
            {
                Entries = entries,
                Completions = completions,
                SubmissionHead = &indices[0],
                SubmissionTail = &indices[1],
                CompletionHead = &indices[2],
                CompletionTail = &indices[3],
                SubmissionFlags = &flags,
                SubmissionEntries = Entries,
                CompletionEntries = 2 * Entries,
            });
        }
        finally
        {
            NativeMemory.Free(entries);
            NativeMemory.Free(completions);
        }
    }
}
