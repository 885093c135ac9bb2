using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>Puts together what a ring on this host can do.</summary>
internal static class RingProbe
{
    private static readonly (byte Code, string Name, string Use, string Since)[] Operations =
    [
        (IoUring.IORING_OP_READ, "IORING_OP_READ", "one contiguous piece", "5.6"),
        (IoUring.IORING_OP_WRITE, "IORING_OP_WRITE", "one contiguous piece", "5.6"),
        (IoUring.IORING_OP_READ_FIXED, "IORING_OP_READ_FIXED", "into registered memory", "5.1"),
        (IoUring.IORING_OP_WRITE_FIXED, "IORING_OP_WRITE_FIXED", "from registered memory", "5.1"),
        (IoUring.IORING_OP_POLL_ADD, "IORING_OP_POLL_ADD", "wakes a lane", "5.1"),
        (IoUring.IORING_OP_FALLOCATE, "IORING_OP_FALLOCATE", "zeroes and discards on files", "5.6"),
        (IoUring.IORING_OP_ASYNC_CANCEL, "IORING_OP_ASYNC_CANCEL", "cancellation", "5.5"),
        (IoUring.IORING_OP_URING_CMD, "IORING_OP_URING_CMD", "discard on block devices (6.12), commands to NVMe namespaces", "5.19"),
        (IoUring.IORING_OP_READV_FIXED, "IORING_OP_READV_FIXED", "scattered registered memory", "6.15"),
        (IoUring.IORING_OP_WRITEV_FIXED, "IORING_OP_WRITEV_FIXED", "scattered registered memory", "6.15"),
    ];

    private static string KernelRelease
    {
        get
        {
            try
            {
                return File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return "unknown: " + exception.Message;
            }
        }
    }

    public static IoCapabilities Run()
    {
        using KernelRingHandle handle = KernelRingHandle.Create(capacity: 8);
        return Describe(handle);
    }

    public static IoCapabilities Describe(KernelRingHandle handle)
    {
        bool[] known = handle.ProbeOperations();
        IEnumerable<IoFeature> operations = Operations.Select(operation => new IoFeature(
            operation.Name,
            known[operation.Code],
            known[operation.Code] ? operation.Use : $"this kernel does not know it; kernels have it since {operation.Since}"));
        return new IoCapabilities("io_uring", KernelRelease, [.. handle.Flags, .. operations]);
    }

    /// <summary>What a crew of threads can do instead.</summary>
    /// <param name="refusal">Why it has to; null when it was chosen.</param>
    public static IoCapabilities DescribeWorkers(IoUringUnavailableException? refusal) => new(
        "worker threads",
        KernelRelease,
        [
            new IoFeature("io_uring", IsAvailable: false, refusal?.Message ?? "not asked for: DmIoOptions.Ring is Workers"),
            new IoFeature("preadv2, pwritev2", IsAvailable: true, "reads and writes, with FUA and atomic where the kernel has them"),
            new IoFeature("fdatasync, fallocate, BLKDISCARD", IsAvailable: true, "flush, zeroes, discard"),
            new IoFeature("ioprio_set", IsAvailable: true, "priorities, set on the thread that carries the transfer"),
            new IoFeature("registered buffers", IsAvailable: false, "only a ring of the kernel's has them; pool pages travel like other memory"),
            new IoFeature("cancellation", IsAvailable: false, "of what a thread has begun; what waits for a thread is got back"),
        ])
    {
        Refusal = refusal?.Refusal,
    };
}
