using System.Runtime.InteropServices;
using System.Text;
using Tmds.Linux;

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
    public static int MemfdCreate(string name, uint flags)
    {
        fixed (byte* nameBytes = Utf8(name))
            return Saved(LibC.memfd_create(nameBytes, flags));
    }

    public static int Mount(string source, string target, string type, string data)
    {
        fixed (byte* sourceBytes = Utf8(source), targetBytes = Utf8(target), typeBytes = Utf8(type), dataBytes = Utf8(data))
            return Saved(LibC.mount(sourceBytes, targetBytes, typeBytes, 0, dataBytes));
    }

    public static int Umount(string target, int flags)
    {
        fixed (byte* targetBytes = Utf8(target))
            return Saved(LibC.umount2(targetBytes, flags));
    }

    public static int Kill(int process, int signal) => Saved(LibC.kill(process, signal));

    /// <summary>A string as C has it.</summary>
    private static byte[] Utf8(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    [LibraryImport(Library, EntryPoint = "mknod", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MknodRaw(string path, uint mode, ulong device);
}
