namespace DmIoUring.Interop;

/// <summary>What is behind a path, without opening it.</summary>
internal static unsafe partial class Libc
{
    /// <summary>statx of a path; symbolic links are followed.</summary>
    public static int StatxOf(string path, out Statx result)
    {
        fixed (Statx* pointer = &result)
            return (int)Result(StatxRaw(FileAbi.AT_FDCWD, path, 0, FileAbi.STATX_BASIC_STATS, pointer));
    }
}
