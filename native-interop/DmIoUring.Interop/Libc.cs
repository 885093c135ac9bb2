using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Interop;

/// <summary>
/// The system calls. Each returns what the kernel itself returns: a value of 0 or more, or the negated errno.
/// None throws and none retries, except that <see cref="Open"/> goes on after EINTR.
/// </summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";
    private const nint SysIoUringSetup = 425;
    private const nint SysIoUringEnter = 426;
    private const nint SysIoUringRegister = 427;
    private static readonly nint SysIoprioSet = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 30 : 251;

    public static int IoUringSetup(uint entries, IoUringParams* parameters) =>
        (int)Result(Syscall(SysIoUringSetup, (nint)entries, (nint)parameters, 0, 0, 0, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IoUringEnter(int fd, uint toSubmit, uint minComplete, uint flags, void* arg, nuint argSize) =>
        (int)Result(Syscall(SysIoUringEnter, fd, (nint)toSubmit, (nint)minComplete, (nint)flags, (nint)arg, (nint)argSize));

    public static int IoUringRegister(int fd, uint opcode, void* arg, uint count) =>
        (int)Result(Syscall(SysIoUringRegister, fd, (nint)opcode, (nint)arg, (nint)count, 0, 0));

    /// <summary>Keeps the calling thread on the processors of a mask, bit 0 of the first word being processor 0.</summary>
    public static int SchedSetaffinity(ReadOnlySpan<ulong> mask)
    {
        fixed (ulong* words = mask)
            return (int)Result(SchedSetaffinityRaw(0, (nuint)(mask.Length * sizeof(ulong)), words));
    }

    /// <summary>The new descriptor, or the negated errno.</summary>
    public static int Open(string path, int flags, int mode)
    {
        int result;
        do
        {
            result = (int)Result(OpenRaw(path, flags, mode));
        }
        while (result == -Errno.EINTR);
        return result;
    }

    public static int Close(int fd) => (int)Result(CloseRaw(fd));

    /// <summary>The read end and the write end.</summary>
    public static int Pipe2(int* ends, int flags) => (int)Result(Pipe2Raw(ends, flags));

    public static int Statx(int fd, Statx* result) => Statx(fd, "", FileAbi.AT_EMPTY_PATH, result);

    /// <summary>Follows symbolic links.</summary>
    public static int Statx(string path, Statx* result) => Statx(FileAbi.AT_FDCWD, path, 0, result);

    public static int Fcntl(int fd, int command, nint argument) => (int)Result(FcntlRaw(fd, command, argument));

    public static int Ioctl(int fd, nuint request, void* argument) => (int)Result(IoctlRaw(fd, request, argument));

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

    public static int Fallocate(int fd, int mode, long offset, long length) => (int)Result(FallocateRaw(fd, mode, offset, length));

    public static int Ftruncate(int fd, long length) => (int)Result(FtruncateRaw(fd, length));

    public static int Fdatasync(int fd) => (int)Result(FdatasyncRaw(fd));

    public static nint Pread(int fd, void* buffer, nuint count, long offset) => Result(PreadRaw(fd, buffer, count, offset));

    public static nint Pwrite(int fd, void* buffer, nuint count, long offset) => Result(PwriteRaw(fd, buffer, count, offset));

    public static nint Preadv2(int fd, Iovec* vectors, int count, long offset, int flags) =>
        Result(Preadv2Raw(fd, vectors, count, offset, flags));

    public static nint Pwritev2(int fd, Iovec* vectors, int count, long offset, int flags) =>
        Result(Pwritev2Raw(fd, vectors, count, offset, flags));

    /// <summary>Sets the calling thread's I/O priority.</summary>
    public static int IoprioSet(int priority) => (int)Result(Syscall(SysIoprioSet, BlockAbi.IOPRIO_WHO_PROCESS, 0, priority, 0, 0, 0));

    /// <summary>
    /// Whether the calling thread may have an I/O priority: EPERM if not, EINVAL if so. Nothing is set: the priority is looked at before whose
    /// it is to be (block/ioprio.c), and there is nobody of this kind.
    /// </summary>
    public static int IoprioCheck(int priority) => (int)Result(Syscall(SysIoprioSet, 0, 0, priority, 0, 0, 0));

    /// <summary>How often the calling thread has slept: getrusage(RUSAGE_THREAD), ru_nvcsw.</summary>
    public static long VoluntarySwitches()
    {
        Rusage usage;
        return GetrusageRaw(FileAbi.RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
    }

    /// <summary>Waits for any of the descriptors; no timeout is for ever.</summary>
    public static int Ppoll(Pollfd* descriptors, int count, KernelTimespec* timeout) =>
        (int)Result(PpollRaw(descriptors, (nuint)count, timeout, null));

    public static int Eventfd(uint initial, int flags) => (int)Result(EventfdRaw(initial, flags));

    public static nint Write(int fd, void* buffer, nuint count) => Result(WriteRaw(fd, buffer, count));

    public static nint Read(int fd, void* buffer, nuint count) => Result(ReadRaw(fd, buffer, count));

    /// <summary>The address, or null with the errno in <paramref name="errno"/>.</summary>
    public static void* Mmap(nuint length, int protection, int flags, int fd, ulong offset, out int errno)
    {
        void* address = MmapRaw(null, length, protection, flags, fd, (long)offset);
        bool failed = (nint)address == -1;
        errno = failed ? Marshal.GetLastSystemError() : 0;
        return failed ? null : address;
    }

    public static int Munmap(void* address, nuint length) => (int)Result(MunmapRaw(address, length));

    public static int Madvise(void* address, nuint length, int advice) => (int)Result(MadviseRaw(address, length, advice));

    public static int Mlock(void* address, nuint length) => (int)Result(MlockRaw(address, length));

    private static int Statx(int fd, string path, int flags, Statx* result)
    {
        const uint wanted = FileAbi.STATX_BASIC_STATS | FileAbi.STATX_DIOALIGN | FileAbi.STATX_WRITE_ATOMIC | FileAbi.STATX_DIO_READ_ALIGN;
        return (int)Result(StatxRaw(fd, path, flags, wanted, result));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Result(nint value) => value >= 0 ? value : -Marshal.GetLastSystemError();

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport(Library, EntryPoint = "sched_setaffinity")]
    private static partial int SchedSetaffinityRaw(int thread, nuint bytes, ulong* mask);

    [LibraryImport(Library, EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenRaw(string path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "close")]
    private static partial int CloseRaw(int fd);

    [LibraryImport(Library, EntryPoint = "pipe2")]
    private static partial int Pipe2Raw(int* ends, int flags);

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxRaw(int fd, string path, int flags, uint mask, Statx* result);

    [LibraryImport(Library, EntryPoint = "fcntl")]
    private static partial int FcntlRaw(int fd, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "ioctl")]
    private static partial int IoctlRaw(int fd, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "fallocate")]
    private static partial int FallocateRaw(int fd, int mode, long offset, long length);

    [LibraryImport(Library, EntryPoint = "ftruncate")]
    private static partial int FtruncateRaw(int fd, long length);

    [LibraryImport(Library, EntryPoint = "fdatasync")]
    private static partial int FdatasyncRaw(int fd);

    [LibraryImport(Library, EntryPoint = "pread")]
    private static partial nint PreadRaw(int fd, void* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "pwrite")]
    private static partial nint PwriteRaw(int fd, void* buffer, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "preadv2")]
    private static partial nint Preadv2Raw(int fd, Iovec* vectors, int count, long offset, int flags);

    [LibraryImport(Library, EntryPoint = "pwritev2")]
    private static partial nint Pwritev2Raw(int fd, Iovec* vectors, int count, long offset, int flags);

    [LibraryImport(Library, EntryPoint = "getrusage")]
    private static partial int GetrusageRaw(int who, Rusage* usage);

    [LibraryImport(Library, EntryPoint = "ppoll")]
    private static partial int PpollRaw(Pollfd* descriptors, nuint count, KernelTimespec* timeout, void* signals);

    [LibraryImport(Library, EntryPoint = "eventfd")]
    private static partial int EventfdRaw(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "write")]
    private static partial nint WriteRaw(int fd, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "read")]
    private static partial nint ReadRaw(int fd, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "mmap")]
    private static partial void* MmapRaw(void* address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, EntryPoint = "munmap")]
    private static partial int MunmapRaw(void* address, nuint length);

    [LibraryImport(Library, EntryPoint = "madvise")]
    private static partial int MadviseRaw(void* address, nuint length, int advice);

    [LibraryImport(Library, EntryPoint = "mlock")]
    private static partial int MlockRaw(void* address, nuint length);
}
