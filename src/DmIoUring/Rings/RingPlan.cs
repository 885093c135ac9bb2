namespace DmIoUring.Rings;

/// <summary>What is wanted of a ring beyond the least.</summary>
internal readonly record struct RingPlan
{
    /// <summary>How long the kernel's thread looks for entries before it sleeps (SQPOLL), in milliseconds; 0 for no such thread.</summary>
    public uint SubmissionPollMilliseconds { get; init; }

    /// <summary>The processor that thread stays on; null for any.</summary>
    public int? SubmissionProcessor { get; init; }

    public bool PollsSubmissions => SubmissionPollMilliseconds > 0;
}
