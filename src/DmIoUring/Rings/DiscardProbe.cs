using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>Finds out whether a ring supports a block device's discards (6.12), which not every kernel with URING_CMD does.</summary>
internal static unsafe class DiscardProbe
{
    private const long Limit = 100_000_000;
    private const int Tries = 10;

    /// <summary>Whether a ring takes discards of a device; null when there is no ring to try.</summary>
    /// <param name="descriptor">A block device that has discards.</param>
    /// <remarks>
    /// It submits a discard of nothing. A kernel that supports the command refuses the length, or the descriptor when it is open for reading only;
    /// a kernel that does not answers EOPNOTSUPP (blkdev_cmd_discard, block/ioctl.c).
    /// </remarks>
    public static bool? Run(int descriptor)
    {
        try
        {
            using KernelRingHandle handle = KernelRingHandle.Create(capacity: 1);
            if (!handle.Operations[IoUring.IORING_OP_URING_CMD])
                return false;
            KernelRing ring = new(handle, capacity: 1);
            ring.Enable(register: false);
            IoUringSqe* entry = ring.TryNext(EntryRoute.NoPoll);
            *entry = default;
            entry->opcode = IoUring.IORING_OP_URING_CMD;
            entry->fd = descriptor;
            entry->cmd_op = BlockAbi.BLOCK_URING_CMD_DISCARD;
            Span<IoUringCqe> answer = stackalloc IoUringCqe[1];

            // A wait may end early.
            for (int i = 0; i < Tries && !ring.HasCompletions; i++)
                _ = ring.Enter(minComplete: 1, Limit, minWait: 0);
            return ring.Take(answer) == 1 ? answer[0].res != -Errno.EOPNOTSUPP : null;
        }
        catch (IoUringUnavailableException)
        {
            return null;
        }
    }
}
