using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Devices;

/// <summary>A device or file that is open, and is what was checked.</summary>
/// <param name="facts">What was checked.</param>
/// <param name="handle">The descriptor; the device owns it.</param>
/// <param name="device">What I/O goes to.</param>
internal sealed class DeviceFile(PathFacts facts, SafeFileHandle handle, BlockDevice device) : IDisposable
{
    public PathFacts Facts { get; } = facts;

    public SafeFileHandle Handle { get; } = handle;

    public BlockDevice Device { get; } = device;

    /// <summary>As the user wrote it.</summary>
    public string Path => Facts.Path;

    /// <summary>A second descriptor of the same thing through the page cache, which takes any offset and length; its path is not looked up again.</summary>
    /// <returns>The descriptor, or the negated errno.</returns>
    public int OpenBuffered() => DeviceOpener.Reopen(Handle, FileAbi.O_RDWR);

    /// <summary>Whether the path still leads to what is open; the errno's name or what is there now otherwise.</summary>
    public string? WhyPathIsStale()
    {
        int result = Libc.StatxOf(Path, out Statx stat);
        return result < 0 ? Errno.Name(-result)
            : string.Equals(StorageIdentity.Of(stat), Facts.Identity, StringComparison.Ordinal) ? null
            : $"{StorageIdentity.Of(stat)} is there instead of {Facts.Identity}";
    }

    public void Dispose() => Device.Dispose();
}
