using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary>
/// The system calls. Each returns what the kernel itself returns: a value of 0 or more, or the negated errno.
/// None throws and none retries, except that <see cref="Open"/> goes on after EINTR.
/// </summary>
/// <remarks>
/// Those in this file are bound here: on the way of a request (Tmds.LibC saves errno after each call), or of a shape that Tmds.LibC 0.5.0 does not
/// have: its io_uring_enter can't carry IORING_ENTER_EXT_ARG, its statx ends before stx_dio_mem_align, its ppoll loses errno. Libc.Tmds.cs has the others.
/// </remarks>
internal static unsafe partial class Libc
{
    private const string Library = "libc";
    private const nint SysIoUringSetup = 425;
    private const nint SysIoUringEnter = 426;
    private const nint SysIoUringRegister = 427;
    private static readonly nint SysIoprioSet = ProcessorAbi.Current.SysIoprioSet;

    public static int IoUringSetup(uint entries, IoUringParams* parameters) =>
        (int)Result(Syscall(SysIoUringSetup, (nint)entries, (nint)parameters, 0, 0, 0, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IoUringEnter(int fd, uint toSubmit, uint minComplete, uint flags, void* arg, nuint argSize) =>
        (int)Result(Syscall(SysIoUringEnter, fd, (nint)toSubmit, (nint)minComplete, (nint)flags, (nint)arg, (nint)argSize));

    public static int IoUringRegister(int fd, uint opcode, void* arg, uint count) =>
        (int)Result(Syscall(SysIoUringRegister, fd, (nint)opcode, (nint)arg, (nint)count, 0, 0));

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

    public static int Statx(int fd, Statx* result) => Statx(fd, "", FileAbi.AT_EMPTY_PATH, result);

    /// <summary>Follows symbolic links.</summary>
    public static int Statx(string path, Statx* result) => Statx(FileAbi.AT_FDCWD, path, 0, result);

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

    public static nint Write(int fd, void* buffer, nuint count) => Result(WriteRaw(fd, buffer, count));

    public static nint Read(int fd, void* buffer, nuint count) => Result(ReadRaw(fd, buffer, count));

    private static int Statx(int fd, string path, int flags, Statx* result)
    {
        const uint wanted = FileAbi.STATX_BASIC_STATS | FileAbi.STATX_DIOALIGN | FileAbi.STATX_WRITE_ATOMIC | FileAbi.STATX_DIO_READ_ALIGN;
        return (int)Result(StatxRaw(fd, path, flags, wanted, result));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Result(nint value) => value >= 0 ? value : -Marshal.GetLastSystemError();

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport(Library, EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenRaw(string path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatxRaw(int fd, string path, int flags, uint mask, Statx* result);

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

    [LibraryImport(Library, EntryPoint = "write")]
    private static partial nint WriteRaw(int fd, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "read")]
    private static partial nint ReadRaw(int fd, void* buffer, nuint count);
}
