using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace DmIoUring.Interop;

/// <summary>The system calls that Tmds.LibC binds: no read or write by io_uring, pread or pwrite makes them. Where worker threads carry flushes and discards, they do.</summary>
internal static unsafe partial class Libc
{
    /// <summary>Keeps the calling thread on the processors of a mask, bit 0 of the first word being processor 0.</summary>
    public static int SchedSetaffinity(ReadOnlySpan<ulong> mask)
    {
        fixed (ulong* words = mask)
            return Saved(LibC.sched_setaffinity(0, mask.Length * sizeof(ulong), (cpu_set_t*)words));
    }

    public static int Close(int fd) => Saved(LibC.close(fd));

    /// <summary>The read end and the write end.</summary>
    public static int Pipe2(int* ends, int flags) => Saved(LibC.pipe2(ends, flags));

    public static int Fcntl(int fd, int command, nint argument) => Saved(LibC.fcntl(fd, command, (void*)argument));

    public static int Ioctl(int fd, nuint request, void* argument) => Saved(LibC.ioctl(fd, unchecked((int)request), argument));

    public static int Ioctl(SafeFileHandle handle, nuint request, void* argument)
    {
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            return Ioctl((int)handle.DangerousGetHandle(), request, argument);
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    public static int Fallocate(int fd, int mode, long offset, long length) => Saved(LibC.fallocate(fd, mode, offset, length));

    public static int Ftruncate(int fd, long length) => Saved(LibC.ftruncate(fd, length));

    public static int Fdatasync(int fd) => Saved(LibC.fdatasync(fd));

    public static int Eventfd(uint initial, int flags) => Saved(LibC.eventfd(initial, flags));

    /// <summary>The address, or null with the errno in <paramref name="errno"/>.</summary>
    public static void* Mmap(nuint length, int protection, int flags, int fd, ulong offset, out int errno)
    {
        void* address = LibC.mmap(null, (size_t)length, protection, flags, fd, (long)offset);
        bool failed = address == LibC.MAP_FAILED;
        errno = failed ? LibC.errno : 0;
        return failed ? null : address;
    }

    public static int Munmap(void* address, nuint length) => Saved(LibC.munmap(address, (size_t)length));

    public static int Madvise(void* address, nuint length, int advice) => Saved(LibC.madvise(address, (size_t)length, advice));

    public static int Mlock(void* address, nuint length) => Saved(LibC.mlock(address, (size_t)length));

    /// <summary>A result of Tmds.LibC: it saves errno before the runtime can change it.</summary>
    private static int Saved(int result) => result >= 0 ? result : -LibC.errno;
}
