namespace DmIoUring.ScratchDevices;

/// <summary>How a loop device is made.</summary>
public sealed record LoopDeviceOptions
{
    /// <summary>The logical block in bytes, a power of two from 512 to the page size (65,536 from Linux 6.15 on).</summary>
    public int BlockSize { get; init; } = 512;

    /// <summary>Whether the device refuses writes.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>
    /// Whether the device should go past the page cache of its backing file. Where the file system has no direct I/O
    /// the kernel leaves it off without a word: <see cref="LoopDevice.DirectIo"/> tells.
    /// </summary>
    public bool DirectIo { get; init; } = true;

    /// <summary>
    /// Whether the kernel may make one request of several neighbouring ones. A bad sector then fails all of them; without, only the one
    /// it is in. Left as it is where /sys can't be written.
    /// </summary>
    public bool Merges { get; init; } = true;

    /// <summary>Where the backing file goes; <see langword="null"/> for the folder of temporary files, <c>/dev/shm</c> for memory.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Whether the backing file is one in memory that <see cref="LoopDevice.SealBacking"/> can make fail; there is no
    /// <see cref="Folder"/> then.
    /// </summary>
    public bool Sealable { get; init; }
}
