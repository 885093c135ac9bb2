using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>The addresses of a ring's queues.</summary>
internal readonly unsafe struct RingLayout
{
    public RingLayout(byte* rings, IoUringSqe* entries, in IoUringParams parameters)
    {
        Entries = entries;
        Completions = (IoUringCqe*)(rings + parameters.cq_off.cqes);
        SubmissionHead = (uint*)(rings + parameters.sq_off.head);
        SubmissionTail = (uint*)(rings + parameters.sq_off.tail);
        CompletionHead = (uint*)(rings + parameters.cq_off.head);
        CompletionTail = (uint*)(rings + parameters.cq_off.tail);
        SubmissionFlags = (uint*)(rings + parameters.sq_off.flags);
        SubmissionEntries = parameters.sq_entries;
        CompletionEntries = parameters.cq_entries;
    }

    /// <summary>The queues of a closed ring: no room and no completions. Allocated once for the process.</summary>
    public static RingLayout Inert { get; } = MakeInert();

    public IoUringSqe* Entries { get; init; }

    public IoUringCqe* Completions { get; init; }

    public uint* SubmissionHead { get; init; }

    public uint* SubmissionTail { get; init; }

    public uint* CompletionHead { get; init; }

    public uint* CompletionTail { get; init; }

    public uint* SubmissionFlags { get; init; }

    public uint SubmissionEntries { get; init; }

    public uint CompletionEntries { get; init; }

    private static RingLayout MakeInert()
    {
        uint* zero = (uint*)NativeMemory.AllocZeroed(sizeof(uint));
        return new RingLayout
        {
            SubmissionHead = zero,
            SubmissionTail = zero,
            SubmissionFlags = zero,
            CompletionHead = zero,
            CompletionTail = zero,
        };
    }
}
