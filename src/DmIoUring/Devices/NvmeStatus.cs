using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>Converts a drive's status to the errno that the block layer uses for it: nvme_error_status, drivers/nvme/host/core.c; blk_errors, block/blk-core.c.</summary>
internal static class NvmeStatus
{
    /// <summary>NVME_MAX_RETRIES of the driver (nvme_core.max_retries): the kernel does not retry pass-through commands.</summary>
    public const int MaxRetries = 5;

    /// <summary>Status code type and status code.</summary>
    private const int Code = 0x7FF;

    /// <summary>Do Not Retry.</summary>
    private const int DoNotRetry = 0x4000;

    /// <summary>Whether the drive allows a retry of the command.</summary>
    public static bool MayRetry(int status) => (status & DoNotRetry) == 0;

    public static int ErrnoOf(int status) => (status & Code) switch
    {
        // Capacity exceeded.
        0x81 => Errno.ENOSPC,

        // LBA out of range, command interrupted, namespace not ready.
        0x80 or 0x21 or 0x82 => Errno.EREMOTEIO,

        // Conflicting attributes, invalid opcode, field, namespace.
        0x180 or 0x01 or 0x02 or 0x0B => Errno.EOPNOTSUPP,

        // Write fault, unrecovered read error, deallocated block, access denied, read-only, compare failure.
        0x280 or 0x281 or 0x287 or 0x286 or 0x182 or 0x285 => Errno.ENODATA,

        // Guard, application tag, reference tag, protection information.
        0x282 or 0x283 or 0x284 or 0x181 => Errno.EILSEQ,

        // Reservation conflict.
        0x83 => Errno.EBADE,

        // Host path error.
        0x370 => Errno.ENOLINK,

        // Zones: too many active, too many open.
        0x1BD => Errno.EOVERFLOW,
        0x1BE => Errno.ETOOMANYREFS,
        _ => Errno.EIO,
    };
}
