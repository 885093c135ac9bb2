using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>
/// Finds out whether a device or file refuses I/O that must not block. io_uring then gives every transfer to a worker thread of the kernel
/// (io_file_supports_nowait, io_uring/rw.c), which costs two thread switches. And whether such a device completes a transfer within the call, so that the
/// caller loses nothing by waiting for it: zram copies memory.
/// </summary>
internal static unsafe class NonBlockingProbe
{
    /// <summary>Blocks that are read, to see whether the reader ever sleeps.</summary>
    private const int Reads = 4;
    private const int LargestBlock = 64 << 10;

    /// <summary>Whether RWF_NOWAIT is refused. Reads nothing: the flag is looked at before the memory, which must have no permission.</summary>
    /// <param name="descriptor">The device or file.</param>
    /// <param name="forbidden">Memory without any permission.</param>
    /// <param name="block">A logical block in bytes.</param>
    /// <remarks>kiocb_set_rw_flags, include/linux/fs.h: EOPNOTSUPP without FMODE_NOWAIT, which a block device has only if its driver does (6.5; block/fops.c). Older kernels do not tell.</remarks>
    public static bool IsRefused(int descriptor, void* forbidden, int block)
    {
        Iovec piece = new() { iov_base = forbidden, iov_len = (nuint)block };
        return forbidden is not null && Libc.Preadv2(descriptor, &piece, 1, 0, FileAbi.RWF_NOWAIT) == -Errno.EOPNOTSUPP;
    }

    /// <summary>Whether reads complete within the call: none of a few made the calling thread sleep. Reads the first block.</summary>
    /// <param name="descriptor">The block device, open for direct I/O.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="block">A logical block in bytes.</param>
    public static bool CompletesInCall(int descriptor, long size, int block)
    {
        if (size < block || block > LargestBlock)
            return false;
        byte* memory = (byte*)Libc.Mmap(LargestBlock, FileAbi.PROT_READ | FileAbi.PROT_WRITE, FileAbi.MAP_PRIVATE | FileAbi.MAP_ANONYMOUS, -1, 0, out int errno);
        if (errno != 0)
            return false;
        try
        {
            // The first read brings the memory in.
            for (int i = 0; i <= Reads; i++)
            {
                long before = Libc.VoluntarySwitches();
                if (Libc.Pread(descriptor, memory, (nuint)block, 0) != block || (i > 0 && Libc.VoluntarySwitches() != before))
                    return false;
            }

            return true;
        }
        finally
        {
            _ = Libc.Munmap(memory, LargestBlock);
        }
    }
}
