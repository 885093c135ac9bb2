using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// Negotiates a ring's flags with the kernel: asks for all that are wanted and, as long as the answer is EINVAL, drops the one that the kernel
/// supports since the latest version.
/// </summary>
internal static unsafe class RingSetup
{
    /// <summary>
    /// The features that the library needs. Multi-shot poll, which wakes lanes, has no feature bit; RSRC_TAGS came
    /// with the same kernel, 5.13.
    /// </summary>
    public const uint RequiredFeatures =
        IoUring.IORING_FEAT_SINGLE_MMAP
        | IoUring.IORING_FEAT_NODROP
        | IoUring.IORING_FEAT_SUBMIT_STABLE
        | IoUring.IORING_FEAT_EXT_ARG
        | IoUring.IORING_FEAT_RSRC_TAGS;

    /// <summary>The optional flags, newest first.</summary>
    private static readonly RingFlag[] Wanted =
    [
        new(IoUring.IORING_SETUP_NO_SQARRAY, "IORING_SETUP_NO_SQARRAY", "one memory access less per entry", "6.6"),
        new(IoUring.IORING_SETUP_DEFER_TASKRUN, "IORING_SETUP_DEFER_TASKRUN", "completions only when the owner asks", "6.1"),
        new(IoUring.IORING_SETUP_SINGLE_ISSUER, "IORING_SETUP_SINGLE_ISSUER", "no lock in the kernel's submission path", "6.0"),
        new(
            IoUring.IORING_SETUP_COOP_TASKRUN | IoUring.IORING_SETUP_TASKRUN_FLAG,
            "IORING_SETUP_TASKRUN_FLAG",
            "no system call when there is nothing to ask for",
            "5.19"),
        new(IoUring.IORING_SETUP_SUBMIT_ALL, "IORING_SETUP_SUBMIT_ALL", "one bad entry does not end its batch", "5.18"),
    ];

    /// <summary>Flags that are never dropped when they are asked for.</summary>
    private static readonly RingFlag[] Always =
    [
        new(IoUring.IORING_SETUP_SQPOLL, "IORING_SETUP_SQPOLL", "a thread of the kernel's takes the entries", "5.1"),
        new(IoUring.IORING_SETUP_IOPOLL, "IORING_SETUP_IOPOLL", "devices with polled queues are asked for completions; the rest goes by a second ring", "5.1"),
    ];

    private static readonly RingFlag HybridPolling =
        new(IoUring.IORING_SETUP_HYBRID_IOPOLL, "IORING_SETUP_HYBRID_IOPOLL", "sleeps before it asks", "6.13");

    /// <summary>io_uring_setup, the kernel's or a test's.</summary>
    public delegate int Setup(uint entries, IoUringParams* parameters);

    /// <summary>Sets up a ring.</summary>
    /// <returns>The descriptor, or the negated errno.</returns>
    public static int Negotiate(
        uint entries, uint completionEntries, in RingPlan plan, Setup setup, out IoUringParams settled, out IReadOnlyList<IoFeature> flags)
    {
        IoUringParams needed = Needed(completionEntries, plan);
        RingFlag[] optional = OptionalFor(plan);
        RingFlag[] always = [.. Always.Where(flag => (flag.Bits & needed.flags) != 0)];
        int refused = 0;
        while (true)
        {
            IoUringParams parameters = needed;
            foreach (RingFlag flag in optional.AsSpan(refused))
                parameters.flags |= flag.Bits;

            int result = setup(entries, &parameters);
            if (result == -Errno.EINVAL && refused < optional.Length)
            {
                refused++;
                continue;
            }

            settled = parameters;
            flags = [.. optional.Concat(always).Select((flag, index) => Describe(flag, taken: index >= refused))];
            return result;
        }
    }

    private static IoUringParams Needed(uint completionEntries, in RingPlan plan)
    {
        IoUringParams needed = new()
        {
            flags = IoUring.IORING_SETUP_CQSIZE | IoUring.IORING_SETUP_R_DISABLED | IoUring.IORING_SETUP_CLAMP,
            cq_entries = completionEntries,
        };
        if (plan.PollsSubmissions)
        {
            needed.flags |= IoUring.IORING_SETUP_SQPOLL;
            needed.sq_thread_idle = plan.SubmissionPollMilliseconds;
        }

        if (plan.CarriesCommands)
            needed.flags |= IoUring.IORING_SETUP_SQE128 | IoUring.IORING_SETUP_CQE32 | IoUring.IORING_SETUP_SUBMIT_ALL;
        if (plan.PollsCompletions)
            needed.flags |= IoUring.IORING_SETUP_IOPOLL;
        if (plan.SubmissionProcessor is { } processor)
        {
            needed.flags |= IoUring.IORING_SETUP_SQ_AFF;
            needed.sq_thread_cpu = (uint)processor;
        }

        return needed;
    }

    private static RingFlag[] OptionalFor(in RingPlan plan)
    {
        // The owner does not wait in it, so completions must be posted without an enter.
        if (plan.CarriesCommands)
            return [];
        RingFlag[] optional = plan.PollsSubmissions ? [.. Wanted.Where(IsForPolling)] : Wanted;
        return plan.CompletionPolling == IoCompletionPolling.Hybrid ? [HybridPolling, .. optional] : optional;
    }

    /// <summary>Whether the kernel accepts a flag together with SQPOLL: the flags that defer work to the owner are refused (io_uring/io_uring.c).</summary>
    private static bool IsForPolling(RingFlag flag) =>
        (flag.Bits & (IoUring.IORING_SETUP_DEFER_TASKRUN | IoUring.IORING_SETUP_COOP_TASKRUN)) == 0;

    private static IoFeature Describe(RingFlag flag, bool taken) => new(
        flag.Name,
        taken,
        taken ? flag.Use : $"io_uring_setup answered EINVAL with it; kernels have it since {flag.Since}");

    private sealed record RingFlag(uint Bits, string Name, string Use, string Since);
}

/// <summary>The optional features of a ring.</summary>
internal readonly record struct RingPlan
{
    /// <summary>How long the kernel thread polls for entries before it sleeps (SQPOLL), in milliseconds; 0 for no such thread.</summary>
    public uint SubmissionPollMilliseconds { get; init; }

    /// <summary>The processor of that thread; null for any.</summary>
    public int? SubmissionProcessor { get; init; }

    /// <summary>Whether the waiting thread polls devices for completions (IOPOLL), and whether it sleeps before that.</summary>
    public IoCompletionPolling CompletionPolling { get; init; }

    /// <summary>Whether its entries and completions are the large ones that NVMe commands need (5.19).</summary>
    public bool CarriesCommands { get; init; }

    public bool PollsCompletions => CompletionPolling != IoCompletionPolling.None;

    public bool PollsSubmissions => SubmissionPollMilliseconds > 0;
}
