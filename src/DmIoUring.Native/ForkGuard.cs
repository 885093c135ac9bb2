using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native;

/// <summary>
/// Whether this process is a child of the one that started the library: its lanes are not here, and what waits for them would wait for ever. A page that
/// the kernel empties in a child (MADV_WIPEONFORK, 4.14) says so without a system call.
/// </summary>
internal static unsafe class ForkGuard
{
    private const int MADV_WIPEONFORK = 18;
    private static readonly byte* Page = Map();

    /// <summary>Throws in a child.</summary>
    /// <exception cref="NativeException">EOWNERDEAD.</exception>
    public static void Check()
    {
        if (*Page == 0)
            Refuse();
    }

    private static void Refuse() => throw new NativeException(
        Errno.EOWNERDEAD,
        "This process was forked after the library had started: the library's threads are the parent's. Fork before the first call, or exec another program.");

    private static byte* Map()
    {
        void* page = Libc.Mmap(
            (nuint)Environment.SystemPageSize, FileAbi.PROT_READ | FileAbi.PROT_WRITE, FileAbi.MAP_PRIVATE | FileAbi.MAP_ANONYMOUS, -1, 0, out int errno);
        if (page is null)
            throw new NativeException(errno, $"There is no memory for one page: {Errno.Name(errno)}.");
        _ = Libc.Madvise(page, (nuint)Environment.SystemPageSize, MADV_WIPEONFORK);
        *(byte*)page = 1;
        return (byte*)page;
    }
}
