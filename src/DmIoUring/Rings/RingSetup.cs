using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// Settles a ring's flags with the kernel: asks for all that are wanted and, as long as the answer is EINVAL, gives up
/// the one that came to the kernel last.
/// </summary>
internal static unsafe class RingSetup
{
    /// <summary>
    /// Features without which nothing here works. Multi-shot poll, which wakes lanes, has no bit of its own; RSRC_TAGS came
    /// with the same kernel, 5.13.
    /// </summary>
    public const uint RequiredFeatures =
        IoUring.IORING_FEAT_SINGLE_MMAP
        | IoUring.IORING_FEAT_NODROP
        | IoUring.IORING_FEAT_SUBMIT_STABLE
        | IoUring.IORING_FEAT_EXT_ARG
        | IoUring.IORING_FEAT_RSRC_TAGS;

    /// <summary>Newest first; include/uapi/linux/io_uring.h says the versions.</summary>
    private static readonly RingFlag[] Optional =
    [
        new(IoUring.IORING_SETUP_NO_SQARRAY, "IORING_SETUP_NO_SQARRAY", "one memory access less per entry", "6.6"),
        new(IoUring.IORING_SETUP_DEFER_TASKRUN, "IORING_SETUP_DEFER_TASKRUN", "completions only when the owner asks", "6.1"),
        new(IoUring.IORING_SETUP_SINGLE_ISSUER, "IORING_SETUP_SINGLE_ISSUER", "no lock in the kernel's submission path", "6.0"),
        new(IoUring.IORING_SETUP_SUBMIT_ALL, "IORING_SETUP_SUBMIT_ALL", "one bad entry does not end its batch", "5.18"),
    ];

    /// <summary>io_uring_setup, as the kernel's or as a test's kernel of another age answers it.</summary>
    public delegate int Setup(uint entries, IoUringParams* parameters);

    /// <summary>Sets up a ring.</summary>
    /// <returns>The descriptor, or the negated errno.</returns>
    public static int Negotiate(uint entries, uint completionEntries, Setup setup, out IoUringParams settled, out IReadOnlyList<IoFeature> flags)
    {
        const uint needed = IoUring.IORING_SETUP_CQSIZE | IoUring.IORING_SETUP_R_DISABLED | IoUring.IORING_SETUP_CLAMP;
        int refused = 0;
        while (true)
        {
            IoUringParams parameters = new() { flags = needed, cq_entries = completionEntries };
            foreach (RingFlag flag in Optional.AsSpan(refused))
                parameters.flags |= flag.Bit;

            int result = setup(entries, &parameters);
            if (result == -Errno.EINVAL && refused < Optional.Length)
            {
                refused++;
                continue;
            }

            settled = parameters;
            flags = [.. Optional.Select((flag, index) => Describe(flag, taken: index >= refused))];
            return result;
        }
    }

    private static IoFeature Describe(RingFlag flag, bool taken) => new(
        flag.Name,
        taken,
        taken ? flag.Use : $"io_uring_setup answered EINVAL with it; kernels have it since {flag.Since}");

    private sealed record RingFlag(uint Bit, string Name, string Use, string Since);
}
