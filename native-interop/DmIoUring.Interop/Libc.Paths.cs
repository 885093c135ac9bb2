using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Interop;

/// <summary>What is behind a path or a descriptor.</summary>
internal static unsafe partial class Libc
{
    /// <summary>statx of a path; symbolic links are followed.</summary>
    public static int StatxOf(string path, out Statx result)
    {
        fixed (Statx* pointer = &result)
            return (int)Result(StatxRaw(FileAbi.AT_FDCWD, path, 0, FileAbi.STATX_BASIC_STATS, pointer));
    }

    /// <summary>statx of what is open; O_PATH is enough.</summary>
    public static int StatxOf(SafeFileHandle handle, out Statx result)
    {
        fixed (Statx* pointer = &result)
            return Statx((int)handle.DangerousGetHandle(), pointer);
    }

    /// <summary>An exclusive lock of a file, without waiting: 0, or the negated errno, EWOULDBLOCK where somebody else has one. It ends with the descriptor.</summary>
    public static int TryLock(SafeFileHandle handle) => (int)Result(FlockRaw((int)handle.DangerousGetHandle(), FileAbi.LOCK_EX | FileAbi.LOCK_NB));

    /// <summary>The new position in the file, or the negated errno: with SEEK_HOLE and SEEK_DATA, where the next hole or data begins.</summary>
    public static long Lseek(SafeFileHandle handle, long offset, int whence) =>
        Result(LseekRaw((int)handle.DangerousGetHandle(), offset, whence));

    [LibraryImport(Library, EntryPoint = "flock")]
    private static partial nint FlockRaw(int fd, int operation);

    [LibraryImport(Library, EntryPoint = "lseek")]
    private static partial nint LseekRaw(int fd, long offset, int whence);
}
