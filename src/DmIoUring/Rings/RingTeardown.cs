using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Rings;

/// <summary>
/// Tells when the kernel has taken a closed ring apart. Closing returns at once; the entries in flight end later (io_ring_exit_work,
/// io_uring/io_uring.c), and until then they may read and write their buffers.
/// </summary>
/// <remarks>
/// A pipe, whose write end only the ring holds, among its registered files. The kernel closes those last, after the last entry
/// (io_ring_ctx_free), and the read end sees it.
/// </remarks>
internal sealed unsafe class RingTeardown : SafeHandleZeroOrMinusOneIsInvalid
{
    private RingTeardown(int readEnd)
        : base(ownsHandle: true) => SetHandle(readEnd);

    /// <summary>Readable, with a hang-up, once the ring is gone.</summary>
    public int Descriptor => (int)handle;

    /// <summary>Whether the kernel has let go of everything that the ring had.</summary>
    public bool IsComplete => Wait(Descriptor, -1, 0);

    /// <summary>Makes a pipe.</summary>
    /// <param name="writeEnd">The end that is to be registered with the ring and closed.</param>
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

    /// <summary>Waits until the ring is gone, somebody writes the eventfd, or the time is up.</summary>
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
