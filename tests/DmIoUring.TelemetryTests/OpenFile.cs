using DmIoUring.ScratchDevices;

namespace DmIoUring.TelemetryTests;

/// <summary>A file of 1 MiB, open as a device, through the page cache: any file system has that.</summary>
internal sealed class OpenFile : IDisposable
{
    private readonly ScratchFile _file = ScratchFile.Create(1 << 20);

    public OpenFile(string? name = null) => Device = BlockDevice.Open(_file.Path, new BlockDeviceOptions { Direct = false, Name = name });

    public BlockDevice Device { get; }

    public string Path => _file.Path;

    public IoRegion Region(long sector, long count) => new(Device, sector, count);

    public void Dispose()
    {
        Device.Dispose();
        _file.Dispose();
    }
}
