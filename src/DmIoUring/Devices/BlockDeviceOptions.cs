namespace DmIoUring;

/// <summary>How a device is opened.</summary>
public sealed record BlockDeviceOptions
{
    /// <summary>Reads and writes, or reads only.</summary>
    public DeviceAccess Access { get; init; } = DeviceAccess.ReadWrite;

    /// <summary>
    /// Whether I/O bypasses the page cache (O_DIRECT). On by default. When it is off, any alignment is accepted and a completed
    /// write may be in memory only.
    /// </summary>
    public bool Direct { get; init; } = true;

    /// <summary>
    /// Whether a block device that is mounted, or that another program holds in the same way, is refused (O_EXCL).
    /// Without effect on a regular file. Off by default.
    /// </summary>
    public bool Exclusive { get; init; }

    /// <summary>
    /// What the device is called in metrics, events and log lines; <see langword="null"/>, the default, for its path. For a program that opens one file after the
    /// other: a collector keeps a series for each name, and after 1,000 different ones in a process further devices are called <c>_other</c>.
    /// </summary>
    public string? Name { get; init; }
}

/// <summary>What a device is opened for.</summary>
public enum DeviceAccess
{
    /// <summary>Reads and writes.</summary>
    ReadWrite,

    /// <summary>Reads; a write to it fails that region with EROFS.</summary>
    Read,
}
