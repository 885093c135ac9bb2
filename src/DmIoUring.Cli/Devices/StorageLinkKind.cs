namespace DmIoUring.Cli.Devices;

/// <summary>How one thing lies on another.</summary>
internal enum StorageLinkKind
{
    /// <summary>A partition on its disk. It does not use the disk as long as nobody uses it.</summary>
    Partition,

    /// <summary>A device-mapper or RAID device on its members.</summary>
    Stacked,

    /// <summary>A loop device on its backing file or device.</summary>
    Loop,

    /// <summary>A file on the device of its file system.</summary>
    File,
}
