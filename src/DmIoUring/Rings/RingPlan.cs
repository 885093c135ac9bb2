namespace DmIoUring.Rings;

/// <summary>What is wanted of a ring beyond the least.</summary>
internal readonly record struct RingPlan
{
    /// <summary>How long the kernel's thread looks for entries before it sleeps (SQPOLL), in milliseconds; 0 for no such thread.</summary>
    public uint SubmissionPollMilliseconds { get; init; }

    /// <summary>The processor that thread stays on; null for any.</summary>
    public int? SubmissionProcessor { get; init; }

    /// <summary>Whether who waits asks the devices for completions (IOPOLL), and whether it sleeps before that.</summary>
    public IoCompletionPolling CompletionPolling { get; init; }

    /// <summary>Whether its entries and completions are the large ones that NVMe commands need (5.19).</summary>
    public bool CarriesCommands { get; init; }

    public bool PollsCompletions => CompletionPolling != IoCompletionPolling.None;

    public bool PollsSubmissions => SubmissionPollMilliseconds > 0;
}
