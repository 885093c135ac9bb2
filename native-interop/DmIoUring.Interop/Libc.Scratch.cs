using System.Runtime.InteropServices;

namespace DmIoUring.Interop;

/// <summary>What only devices made for a demonstration, a test or a benchmark need.</summary>
internal static unsafe partial class Libc
{
    /// <summary>The new node's number is the kernel's 32-bit form: 12 bits of major, 20 of minor (include/linux/kdev_t.h).</summary>
    public static int MknodBlock(string path, int mode, uint major, uint minor)
    {
        ulong device = (minor & 0xff) | (major << 8) | ((ulong)(minor & ~0xffu) << 12);
        return (int)Result(MknodRaw(path, FileAbi.S_IFBLK | (uint)mode, device));
    }

    /// <summary>A file in memory without a name; the new descriptor.</summary>
    public static int MemfdCreate(string name, uint flags) => (int)Result(MemfdCreateRaw(name, flags));

    public static int Mount(string source, string target, string type, string data) => (int)Result(MountRaw(source, target, type, 0, data));

    public static int Umount(string target, int flags) => (int)Result(UmountRaw(target, flags));

    public static int Kill(int process, int signal) => (int)Result(KillRaw(process, signal));

    [LibraryImport(Library, EntryPoint = "mknod", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MknodRaw(string path, uint mode, ulong device);

    [LibraryImport(Library, EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemfdCreateRaw(string name, uint flags);

    [LibraryImport(Library, EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MountRaw(string source, string target, string type, nuint flags, string data);

    [LibraryImport(Library, EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UmountRaw(string target, int flags);

    [LibraryImport(Library, EntryPoint = "kill")]
    private static partial int KillRaw(int process, int signal);
}
