using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Devices;

/// <summary>What the loop devices of this host lie on.</summary>
internal static unsafe class LoopBackings
{
    /// <summary>Every attached loop device: its path, its identity, what it lies on.</summary>
    public static IEnumerable<StorageLink> Read()
    {
        foreach (string path in Directory.EnumerateFiles("/dev", "loop*").Order(StringComparer.Ordinal))
        {
            if (Libc.StatxOf(path, out Statx stat) >= 0 && (stat.stx_mode & FileAbi.S_IFMT) == FileAbi.S_IFBLK && Backing(path, stat) is { } backing)
                yield return new StorageLink(StorageIdentity.Of(stat), path, backing.Identity, backing.Name, StorageLinkKind.Loop);
        }
    }

    private static (string Identity, string Name)? Backing(string path, in Statx device)
    {
        // No device is opened that sysfs says is not attached: whoever is attaching it would be kept waiting.
        string folder = $"/sys/dev/block/{StorageIdentity.Number(device.stx_rdev_major, device.stx_rdev_minor)}";
        string name = SmallFile.Read(folder + "/loop/backing_file")?.TrimEnd('\n') ?? "";
        if (name.Length == 0 && Directory.Exists(folder))
            return null;
        int descriptor = Libc.Open(path, FileAbi.O_RDONLY | FileAbi.O_CLOEXEC, 0);
        if (descriptor >= 0)
        {
            using SafeFileHandle handle = new(descriptor, ownsHandle: true);
            LoopInfo64 info;
            if (Libc.Ioctl(handle, BlockAbi.LOOP_GET_STATUS64, &info) < 0)
                return null;
            string identity = info.lo_rdevice != 0
                ? StorageIdentity.Block(StorageIdentity.Number(info.lo_rdevice))
                : StorageIdentity.File(StorageIdentity.Number(info.lo_device), info.lo_inode);
            return (identity, name.Length > 0 ? name : identity);
        }

        // sysfs has only a name, which may be another file's by now: for users who can't open the device.
        return name.Length > 0 && Libc.StatxOf(name, out Statx stat) >= 0 ? (StorageIdentity.Of(stat), name) : null;
    }
}
