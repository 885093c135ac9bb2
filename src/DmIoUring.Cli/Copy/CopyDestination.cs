using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Copy;

/// <summary>A destination that is open.</summary>
/// <param name="device">Where the data goes.</param>
/// <param name="created">Whether the file was not there before.</param>
internal sealed class CopyDestination(BlockDevice device, bool created) : IDisposable
{
    // Opened before the first write: a descriptor is told only of the write-back errors that came after it was opened.
    private readonly SafeFileHandle _handle =
        File.OpenHandle(device.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public BlockDevice Device { get; } = device;

    public bool IsCreated { get; } = created;

    /// <summary>Makes what was written durable; 0 or the errno. RandomAccess.FlushToDisk would keep an EIO to itself.</summary>
    public int Flush()
    {
        int result = Libc.Fdatasync((int)_handle.DangerousGetHandle());
        return result < 0 ? -result : 0;
    }

    public void Dispose()
    {
        _handle.Dispose();
        Device.Dispose();
    }
}
