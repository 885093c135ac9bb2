using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Cli.Devices;

/// <summary>Names that two things share only when they are the same thing, whatever their paths: device number, and inode for a file.</summary>
internal static class StorageIdentity
{
    public static string Of(in Statx stat) => (stat.stx_mode & FileAbi.S_IFMT) == FileAbi.S_IFBLK
        ? Block(Number(stat.stx_rdev_major, stat.stx_rdev_minor))
        : File(Number(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino);

    /// <summary>A block device.</summary>
    /// <param name="number">As sysfs has it, <c>8:1</c>.</param>
    public static string Block(string number) => "block " + number;

    /// <summary>A file of any kind but a block device.</summary>
    /// <param name="fileSystem">The device number of its file system.</param>
    /// <param name="inode">Its number there.</param>
    public static string File(string fileSystem, ulong inode) => string.Create(CultureInfo.InvariantCulture, $"file {fileSystem} {inode}");

    public static string Number(uint major, uint minor) => string.Create(CultureInfo.InvariantCulture, $"{major}:{minor}");

    /// <summary>The kernel's 64-bit form: huge_encode_dev, include/linux/kdev_t.h.</summary>
    public static string Number(ulong encoded) =>
        Number((uint)(encoded >> 8) & 0xfff, (uint)(encoded & 0xff) | (uint)(encoded >> 12) & 0xfff00);
}
