namespace DmIoUring;

/// <summary>How a device is opened.</summary>
public sealed record BlockDeviceOptions
{
    /// <summary>Reads and writes, or reads only.</summary>
    public DeviceAccess Access { get; set; } = DeviceAccess.ReadWrite;

    /// <summary>
    /// Whether I/O bypasses the page cache (O_DIRECT). On by default. When it is off, any alignment is accepted and a completed
    /// write may be in memory only.
    /// </summary>
    public bool Direct { get; set; } = true;

    /// <summary>
    /// Whether a block device that is mounted, or that another program holds in the same way, is refused (O_EXCL).
    /// Without effect on a regular file. Off by default. A device that is in use is tried again for up to a quarter of a second, because the kernel keeps
    /// the claim of a program that was killed until it has closed its files.
    /// </summary>
    public bool Exclusive { get; set; }

    /// <summary>
    /// Whether a regular file is created where the path does not exist, with the permissions that the process's umask leaves of 0666. Off by default: a
    /// device that is missing must not become a file. Needs <see cref="DeviceAccess.ReadWrite"/>.
    /// </summary>
    public bool Create { get; set; }

    /// <summary>
    /// The length in bytes that a regular file has at least: a new or shorter one is extended, a longer one stays as it is.
    /// <see langword="null"/>, the default, leaves it alone. A multiple of the block size for direct I/O. <see cref="BlockDevice.SetLength"/> and
    /// <see cref="BlockDevice.Allocate"/> change it later.
    /// </summary>
    public long? Length { get; set; }

    /// <summary>What is done for the part that <see cref="Length"/> adds. Default None, a hole.</summary>
    /// <remarks>
    /// A log that is written by small direct writes wants <see cref="FilePreallocation.Written"/>: a write into a hole, or into space that was only
    /// allocated, changes the file system's records, and the kernel hands each to a worker thread.
    /// </remarks>
    public FilePreallocation Preallocation { get; set; }

    /// <summary>
    /// What the device is called in metrics, events and log lines; <see langword="null"/>, the default, for its path. For a program that opens one file after the
    /// other: a collector keeps a series for each name, and after 1,000 different ones in a process further devices are called <c>_other</c>.
    /// </summary>
    public string? Name { get; set; }
}

/// <summary>What a device is opened for.</summary>
public enum DeviceAccess
{
    /// <summary>Reads and writes.</summary>
    ReadWrite,

    /// <summary>Reads; a write to it fails that region with EROFS.</summary>
    Read,
}
