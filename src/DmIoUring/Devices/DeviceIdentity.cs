using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>Which device or file it is, whatever path it was opened by. The default value is none.</summary>
/// <param name="Type">S_IFBLK, S_IFCHR or S_IFREG.</param>
/// <param name="Major">The device's number, or that of the file's file system.</param>
/// <param name="Minor">The second part of it.</param>
/// <param name="Inode">The file's inode; 0 for a device.</param>
internal readonly record struct DeviceIdentity(uint Type, uint Major, uint Minor, ulong Inode)
{
    public static DeviceIdentity Of(in Statx stat)
    {
        uint type = stat.stx_mode & FileAbi.S_IFMT;
        return type == FileAbi.S_IFREG
            ? new(type, stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino)
            : new(type, stat.stx_rdev_major, stat.stx_rdev_minor, 0);
    }
}
