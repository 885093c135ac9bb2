using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Cli.Devices;

/// <summary>What the kernel says of a path before it is opened: what it is, and which one, whatever its name.</summary>
/// <param name="Path">As the user wrote it.</param>
/// <param name="Kind">What it is; symbolic links are followed.</param>
/// <param name="Identity">Device number, and inode for a file: two paths with the same are the same thing.</param>
/// <param name="Disk">For a block device the disk that it is, or is a partition of.</param>
/// <param name="SysfsFolder">For a block device its folder in sysfs.</param>
internal sealed record PathFacts(string Path, PathKind Kind, string Identity, string? Disk, string? SysfsFolder)
{
    public bool CanHoldData => Kind is PathKind.BlockDevice or PathKind.RegularFile;

    public string KindInWords => Kind switch
    {
        PathKind.Missing => "nothing",
        PathKind.BlockDevice => "a block device",
        PathKind.RegularFile => "a regular file",
        PathKind.Directory => "a directory",
        PathKind.CharacterDevice => "a character device",
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

        PathKind kind = (stat.stx_mode & FileAbi.S_IFMT) switch
        {
            FileAbi.S_IFBLK => PathKind.BlockDevice,
            FileAbi.S_IFREG => PathKind.RegularFile,
            FileAbi.S_IFDIR => PathKind.Directory,
            FileAbi.S_IFCHR => PathKind.CharacterDevice,
            FileAbi.S_IFIFO => PathKind.Fifo,
            FileAbi.S_IFSOCK => PathKind.Socket,
            _ => PathKind.Unknown,
        };
        if (kind != PathKind.BlockDevice)
            return new PathFacts(path, kind, Text($"file {stat.stx_dev_major}:{stat.stx_dev_minor} {stat.stx_ino}"), Disk: null, SysfsFolder: null);
        string number = Text($"{stat.stx_rdev_major}:{stat.stx_rdev_minor}");
        return new PathFacts(path, kind, "block " + number, DiskOf(number), "/sys/dev/block/" + number);
    }

    /// <summary>Whether writing to one changes the other: the same thing, or a disk and its partition.</summary>
    public bool Overlaps(PathFacts other) =>
        string.Equals(Identity, other.Identity, StringComparison.Ordinal)
        || (Disk is not null && (string.Equals(Identity, other.Disk, StringComparison.Ordinal)
            || string.Equals(other.Identity, Disk, StringComparison.Ordinal)));

    /// <summary>Two names of a file that is not there yet are the same when folder and name are.</summary>
    private static PathFacts OfMissing(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        string? folder = System.IO.Path.GetDirectoryName(full);
        string real = folder is not null && Libc.StatxOf(folder, out Statx stat) >= 0
            ? Text($"{stat.stx_dev_major}:{stat.stx_dev_minor} {stat.stx_ino}/{System.IO.Path.GetFileName(full)}")
            : full;
        return new PathFacts(path, PathKind.Missing, "missing " + real, Disk: null, SysfsFolder: null);
    }

    private static string DiskOf(string number)
    {
        string node = Directory.ResolveLinkTarget("/sys/dev/block/" + number, returnFinalTarget: true)?.FullName ?? "";
        string parent = System.IO.Path.Combine(node, "../dev");
        return File.Exists(System.IO.Path.Combine(node, "partition")) && File.Exists(parent)
            ? "block " + File.ReadAllText(parent).Trim()
            : "block " + number;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
