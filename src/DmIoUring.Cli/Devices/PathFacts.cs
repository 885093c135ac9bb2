using System.Globalization;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Devices;

/// <summary>What the kernel says of a path before it is opened: what it is, and which one, whatever its name.</summary>
/// <param name="Path">As the user wrote it.</param>
/// <param name="Kind">What it is; symbolic links are followed.</param>
/// <param name="Identity">Two paths with the same are the same thing (<see cref="StorageIdentity"/>).</param>
/// <param name="Disk">For a block device the disk that it is, or is a partition of.</param>
/// <param name="SysfsFolder">For a block device its folder in sysfs.</param>
internal sealed record PathFacts(string Path, PathKind Kind, string Identity, string? Disk, string? SysfsFolder)
{
    /// <summary>For a file, or one that is not there yet, the device number of its file system.</summary>
    public string? FileSystem { get; init; }

    public bool CanHoldData => Kind is PathKind.BlockDevice or PathKind.RegularFile;

    public string KindInWords => Kind switch
    {
        PathKind.Missing => "nothing",
        PathKind.BlockDevice => "a block device",
        PathKind.RegularFile => "a regular file",
        PathKind.Directory => "a directory",
        PathKind.CharacterDevice => "a character device",
        PathKind.NvmeNamespace => "an NVMe namespace's character device, by which mounts and other users of its block device are not seen",
        PathKind.Fifo => "a FIFO",
        PathKind.Socket => "a socket",
        _ => "something unknown",
    };

    public static PathFacts Of(string path)
    {
        int result = Libc.StatxOf(path, out Statx stat);
        if (result is -Errno.ENOENT or -Errno.ENOTDIR)
            return OfMissing(path);
        if (result < 0)
            throw new RefusedException(path, $"can't be looked at: {Errno.Name(-result)}", "Check the path and its folders' permissions.");
        return Of(path, stat);
    }

    /// <summary>What is open.</summary>
    /// <param name="path">How the user calls it.</param>
    /// <param name="handle">What was opened; O_PATH is enough.</param>
    public static PathFacts Of(string path, SafeFileHandle handle)
    {
        int result = Libc.StatxOf(handle, out Statx stat);
        return result < 0
            ? throw new RefusedException(path, $"can't be looked at: {Errno.Name(-result)}", "Check the path and its folders' permissions.")
            : Of(path, stat);
    }

    /// <summary>Whether writing to one changes the other: the same thing, or a disk and its partition.</summary>
    public bool Overlaps(PathFacts other) =>
        string.Equals(Identity, other.Identity, StringComparison.Ordinal)
        || (Disk is not null && (string.Equals(Identity, other.Disk, StringComparison.Ordinal)
            || string.Equals(other.Identity, Disk, StringComparison.Ordinal)));

    private static PathFacts Of(string path, in Statx stat)
    {
        PathKind kind = (stat.stx_mode & FileAbi.S_IFMT) switch
        {
            FileAbi.S_IFBLK => PathKind.BlockDevice,
            FileAbi.S_IFREG => PathKind.RegularFile,
            FileAbi.S_IFDIR => PathKind.Directory,
            FileAbi.S_IFCHR => IsNvmeNamespace(stat) ? PathKind.NvmeNamespace : PathKind.CharacterDevice,
            FileAbi.S_IFIFO => PathKind.Fifo,
            FileAbi.S_IFSOCK => PathKind.Socket,
            _ => PathKind.Unknown,
        };
        string identity = StorageIdentity.Of(stat);
        if (kind != PathKind.BlockDevice)
        {
            string fileSystem = StorageIdentity.Number(stat.stx_dev_major, stat.stx_dev_minor);
            return new PathFacts(path, kind, identity, Disk: null, SysfsFolder: null) { FileSystem = fileSystem };
        }

        string number = StorageIdentity.Number(stat.stx_rdev_major, stat.stx_rdev_minor);
        return new PathFacts(path, kind, identity, DiskOf(number), "/sys/dev/block/" + number);
    }

    private static bool IsNvmeNamespace(in Statx stat)
    {
        string subsystem = $"/sys/dev/char/{StorageIdentity.Number(stat.stx_rdev_major, stat.stx_rdev_minor)}/subsystem";
        return Directory.Exists(subsystem) && Directory.ResolveLinkTarget(subsystem, returnFinalTarget: true) is { Name: "nvme-generic" };
    }

    /// <summary>Two names of a file that is not there yet are the same when folder and name are.</summary>
    private static PathFacts OfMissing(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        string? folder = System.IO.Path.GetDirectoryName(full);
        if (folder is null || Libc.StatxOf(folder, out Statx stat) < 0)
            return new PathFacts(path, PathKind.Missing, "missing " + full, Disk: null, SysfsFolder: null);
        string fileSystem = StorageIdentity.Number(stat.stx_dev_major, stat.stx_dev_minor);
        string real = string.Create(CultureInfo.InvariantCulture, $"missing {fileSystem} {stat.stx_ino}/{System.IO.Path.GetFileName(full)}");
        return new PathFacts(path, PathKind.Missing, real, Disk: null, SysfsFolder: null) { FileSystem = fileSystem };
    }

    /// <summary>Without sysfs (a chroot, a container) a partition can't be told from a disk; that both are open exclusively then tells of an overlap.</summary>
    private static string DiskOf(string number)
    {
        string link = "/sys/dev/block/" + number;
        if (!Directory.Exists(link))
            return StorageIdentity.Block(number);
        string node = Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link;
        string parent = System.IO.Path.Combine(node, "../dev");
        return File.Exists(System.IO.Path.Combine(node, "partition")) && File.Exists(parent)
            ? StorageIdentity.Block(File.ReadAllText(parent).Trim())
            : StorageIdentity.Block(number);
    }
}
