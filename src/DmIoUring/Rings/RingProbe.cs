using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>Finds out what rings on this host support.</summary>
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
        (IoUring.IORING_OP_URING_CMD, "IORING_OP_URING_CMD", "commands to a device (NVMe pass-through); whether it takes discards so is told with the device", "5.19"),
        (IoUring.IORING_OP_READV_FIXED, "IORING_OP_READV_FIXED", "scattered registered memory", "6.15"),
        (IoUring.IORING_OP_WRITEV_FIXED, "IORING_OP_WRITEV_FIXED", "scattered registered memory", "6.15"),
    ];

    private static string? _kernelRelease;

    private static string KernelRelease => _kernelRelease ??= ReadKernelRelease();

    /// <summary>Tries a small ring: all three system calls, and a round trip of an entry.</summary>
    /// <param name="calls">The system calls; null for the kernel's.</param>
    /// <exception cref="IoUringUnavailableException">The host refuses one of the calls.</exception>
    public static HostRings Run(RingCalls? calls = null)
    {
        KernelRingHandle handle = KernelRingHandle.Create(capacity: 8, plan: default, calls);
        KernelRing ring = new(handle, 8);
        try
        {
            ring.Enable(register: false);
            int commands = CommandRing.Probe(calls);
            int clone = RegisteredBuffers.Probe(handle.Descriptor, handle.Calls);
            IoFeature[] others = [DescribeCommands(commands), DescribeClones(clone)];
            return new HostRings(Describe(handle, others), others, handle.Operations, DelaysFileRelease(handle, ring) ? -Errno.EBUSY : 0, clone)
            {
                IsFinal = commands is 0 or -Errno.EINVAL && clone is 0 or -Errno.EINVAL && handle.FileTableAnswer == 0,
            };
        }
        finally
        {
            ring.Dispose();
        }
    }

    public static IoCapabilities Describe(KernelRingHandle handle, IEnumerable<IoFeature> others)
    {
        IEnumerable<IoFeature> operations = Operations.Select(operation => new IoFeature(
            operation.Name,
            handle.Operations[operation.Code],
            handle.Operations[operation.Code] ? operation.Use : $"this kernel does not know it; kernels have it since {operation.Since}"));
        return new IoCapabilities("io_uring", KernelRelease, [.. handle.Flags, .. others, .. operations]);
    }

    /// <summary>Whether there are rings for the commands of NVMe namespaces.</summary>
    private static IoFeature DescribeCommands(int answer) => new(
        "IORING_SETUP_SQE128",
        answer == 0,
        answer == 0 ? "a second ring for commands to NVMe namespaces (/dev/ng0n1)"
            : $"io_uring_setup answered {Errno.Name(-answer)} with it and IORING_SETUP_CQE32, so NVMe namespaces (/dev/ng0n1) are Unsupported; kernels have it since 5.19");

    /// <summary>Whether one table of registered buffers serves all rings.</summary>
    private static IoFeature DescribeClones(int answer) => new(
        "IORING_REGISTER_CLONE_BUFFERS",
        answer == 0,
        answer == 0 ? "pages are pinned, and counted against RLIMIT_MEMLOCK, once for all rings"
            : $"io_uring_register answered {Errno.Name(-answer)} to it with IORING_REGISTER_DST_REPLACE, so each ring pins the pages; kernels have it since 6.13");

    /// <summary>
    /// Whether a file stays open after it was removed from the ring's table: for a second (a delayed work, io_rsrc_node_ref_zero,
    /// io_uring/rsrc.c, until 6.2), or until entries on other files have ended (rsrc_ref_list, until 6.12). A device could not be
    /// released in time then.
    /// </summary>
    /// <remarks>The file is a pipe's write end: its read end sees when it is closed. An entry on the read end is in flight meanwhile.</remarks>
    private static unsafe bool DelaysFileRelease(KernelRingHandle handle, KernelRing ring)
    {
        using RingTeardown readEnd = RingTeardown.Create(out int writeEnd);
        int result = handle.FileTableAnswer;
        if (result >= 0)
            result = ring.RegisterFile(0, readEnd.Descriptor);
        if (result >= 0)
            result = ring.RegisterFile(1, writeEnd);
        _ = Libc.Close(writeEnd);
        if (result < 0)
            return false;

        IoUringSqe* entry = ring.TryNext(EntryRoute.NoPoll);
        *entry = default;
        entry->opcode = IoUring.IORING_OP_POLL_ADD;
        entry->flags = IoUring.IOSQE_FIXED_FILE;
        entry->poll32_events = (uint)FileAbi.POLLIN;
        result = ring.Enter(0, 0, 0);
        if (result >= 0)
            result = ring.RegisterFile(1, -1);
        return result >= 0 && !readEnd.IsComplete;
    }

    private static string ReadKernelRelease()
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

    /// <summary>What worker threads support instead.</summary>
    /// <param name="refusal">Why io_uring is not used; null when worker threads were asked for.</param>
    public static IoCapabilities DescribeWorkers(IoUringUnavailableException? refusal) => new(
        "worker threads",
        KernelRelease,
        [
            new IoFeature("io_uring", IsAvailable: false, refusal?.Message ?? "not asked for: DmIoOptions.Ring is Workers"),
            new IoFeature("preadv2, pwritev2", IsAvailable: true, "reads and writes, with FUA and atomic where the kernel has them"),
            new IoFeature("fdatasync, fallocate, BLKDISCARD", IsAvailable: true, "flush, zeroes, discard"),
            new IoFeature("NVME_IOCTL_IO64_CMD", IsAvailable: true, "commands to NVMe namespaces (/dev/ng0n1)"),
            new IoFeature("ioprio_set", IsAvailable: true, "priorities, set on the thread that carries the transfer"),
            new IoFeature("registered buffers", IsAvailable: false, "only a ring of the kernel's has them; pool pages travel like other memory"),
            new IoFeature("cancellation", IsAvailable: false, "of what a thread has begun; what waits for a thread is got back"),
        ])
    {
        Refusal = refusal?.Refusal,
    };
}

/// <summary>The result of trying a ring on this host.</summary>
/// <param name="Capabilities">What the host supports.</param>
/// <param name="Others">What was tried beyond a ring's own flags and operations.</param>
/// <param name="Operations">Which operations its rings support, by opcode.</param>
/// <param name="FileTableAnswer">0, or the negated errno for which registered files are not used.</param>
/// <param name="CloneAnswer">0, or the negated errno for which each ring registers memory itself.</param>
internal sealed record HostRings(IoCapabilities Capabilities, IReadOnlyList<IoFeature> Others, bool[] Operations, int FileTableAnswer, int CloneAnswer)
{
    /// <summary>Whether the kernel answered everything by what it supports, and nothing for want of descriptors or memory.</summary>
    public bool IsFinal { get; init; }
}
