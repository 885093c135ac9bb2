using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>Where the queues of a mapped ring are.</summary>
internal readonly unsafe struct RingLayout(byte* rings, IoUringSqe* entries, in IoUringParams parameters)
{
    public readonly IoUringSqe* Entries = entries;
    public readonly IoUringCqe* Completions = (IoUringCqe*)(rings + parameters.cq_off.cqes);
    public readonly uint* SubmissionHead = (uint*)(rings + parameters.sq_off.head);
    public readonly uint* SubmissionTail = (uint*)(rings + parameters.sq_off.tail);
    public readonly uint* CompletionHead = (uint*)(rings + parameters.cq_off.head);
    public readonly uint* CompletionTail = (uint*)(rings + parameters.cq_off.tail);
    public readonly uint SubmissionEntries = parameters.sq_entries;
    public readonly uint CompletionEntries = parameters.cq_entries;
}
