using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Rings;

/// <summary>
/// Tells when the kernel has torn down a closed ring. Closing returns at once; the entries in flight end later (io_ring_exit_work,
/// io_uring/io_uring.c), and until then the kernel may read and write their buffers.
/// </summary>
/// <remarks>
/// It is the read end of a pipe whose write end only the ring holds, as a registered file. The kernel closes registered files after the last entry
/// has ended (io_ring_ctx_free), which the read end sees as a hang-up.
/// </remarks>
internal sealed unsafe class RingTeardown : SafeHandleZeroOrMinusOneIsInvalid
{
    private RingTeardown(int readEnd)
        : base(ownsHandle: true) => SetHandle(readEnd);

    /// <summary>The read end: it reports a hang-up once the ring is torn down.</summary>
    public int Descriptor => (int)handle;

    /// <summary>Whether the ring is torn down.</summary>
    public bool IsComplete => Wait(Descriptor, -1, 0);

    /// <summary>Makes a pipe.</summary>
    /// <param name="writeEnd">The write end: register it with the ring, then close it.</param>
    /// <exception cref="IoUringUnavailableException">There are no more descriptors.</exception>
    public static RingTeardown Create(out int writeEnd)
    {
        int* ends = stackalloc int[2];
        int result = Libc.Pipe2(ends, FileAbi.O_CLOEXEC);
        if (result < 0)
            throw RingRefusal.Explain(-result);
        writeEnd = ends[1];
        return new RingTeardown(ends[0]);
    }

    /// <summary>Waits until the ring is torn down, the eventfd is written, or the time has passed.</summary>
    /// <param name="wake">An eventfd, or -1; it is drained.</param>
    /// <param name="limit">Nanoseconds; negative for no limit.</param>
    public void Wait(int wake, long limit) => Wait(Descriptor, wake, limit);

    private static bool Wait(int descriptor, int wake, long limit)
    {
        Pollfd* descriptors = stackalloc Pollfd[2];
        descriptors[0] = new Pollfd { fd = descriptor, events = FileAbi.POLLIN };
        descriptors[1] = new Pollfd { fd = wake, events = FileAbi.POLLIN };
        KernelTimespec time = new() { tv_sec = limit / 1_000_000_000, tv_nsec = limit % 1_000_000_000 };
        if (Libc.Ppoll(descriptors, 2, limit < 0 ? null : &time) <= 0)
            return false;
        if ((descriptors[1].revents & FileAbi.POLLIN) != 0)
            WakeEvent.Drain(wake);
        return (descriptors[0].revents & FileAbi.POLLHUP) != 0;
    }

    protected override bool ReleaseHandle() => Libc.Close(Descriptor) == 0;
}
