using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Copy;

/// <summary>A destination that is open.</summary>
/// <param name="file">Where the data goes.</param>
/// <param name="created">Whether the file was not there before.</param>
internal sealed class CopyDestination(DeviceFile file, bool created) : IDisposable
{
    public DeviceFile File { get; } = file;

    public BlockDevice Device => File.Device;

    public bool IsCreated { get; } = created;

    public void Dispose() => File.Dispose();
}
