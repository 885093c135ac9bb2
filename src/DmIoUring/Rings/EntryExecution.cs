using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>Executes a submission entry by the equivalent system call: the same arguments, the same result.</summary>
internal static unsafe class EntryExecution
{
    /// <summary>The I/O priority that was set for this thread's last entry; a new thread has none.</summary>
    [ThreadStatic]
    private static ushort _priority;

    /// <summary>Executes an entry on the calling thread.</summary>
    /// <returns>The result of the entry's completion: bytes or 0, or the negated errno.</returns>
    public static int Run(in IoUringSqe entry) => entry.opcode switch
    {
        IoUring.IORING_OP_READ => Run(entry, reads: true),
        IoUring.IORING_OP_WRITE => Run(entry, reads: false),
        IoUring.IORING_OP_READV => Transfer(entry, (Iovec*)entry.addr, (int)entry.len, reads: true),
        IoUring.IORING_OP_WRITEV => Transfer(entry, (Iovec*)entry.addr, (int)entry.len, reads: false),
        IoUring.IORING_OP_FSYNC => Libc.Fdatasync(entry.fd),
        IoUring.IORING_OP_FALLOCATE => Libc.Fallocate(entry.fd, (int)entry.len, (long)entry.off, (long)entry.addr),
        IoUring.IORING_OP_URING_CMD when entry.cmd_op == BlockAbi.BLOCK_URING_CMD_DISCARD => Discard(entry),
        IoUring.IORING_OP_URING_CMD when entry.cmd_op == (uint)NvmeAbi.NVME_IOCTL_IO64_CMD => Libc.Ioctl(entry.fd, NvmeAbi.NVME_IOCTL_IO64_CMD, (void*)entry.addr),

        // io_uring's answer to an unknown operation.
        _ => -Errno.EINVAL,
    };

    private static int Run(in IoUringSqe entry, bool reads)
    {
        Iovec one = new() { iov_base = (void*)entry.addr, iov_len = entry.len };
        return Transfer(entry, &one, 1, reads);
    }

    private static int Transfer(in IoUringSqe entry, Iovec* vectors, int count, bool reads)
    {
        if (entry.ioprio != _priority)
        {
            // A thread that may not use the priority fails like an entry that may not: ioprio_check_cap, block/ioprio.c.
            int refused = Libc.IoprioSet(entry.ioprio);
            if (refused < 0)
                return refused;
            _priority = entry.ioprio;
        }

        return (int)(reads
            ? Libc.Preadv2(entry.fd, vectors, count, (long)entry.off, (int)entry.rw_flags)
            : Libc.Pwritev2(entry.fd, vectors, count, (long)entry.off, (int)entry.rw_flags));
    }

    private static int Discard(in IoUringSqe entry)
    {
        ulong* range = stackalloc ulong[2] { entry.addr, entry.addr3 };
        return Libc.Ioctl(entry.fd, BlockAbi.BLKDISCARD, range);
    }
}
