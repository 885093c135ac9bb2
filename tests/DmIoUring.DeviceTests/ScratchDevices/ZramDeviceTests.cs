using DmIoUring.ScratchDevices;

namespace DmIoUring.DeviceTests.ScratchDevices;

public sealed class ZramDeviceTests
{
    [Fact]
    public void Create_GivesADeviceOfTheSizeAskedFor_AndDisposeRemovesIt()
    {
        // Not required in CI: unlike loop, many kernels come without it.
        if (ZramDevice.WhyUnavailable() is { } reason)
            Assert.Skip(reason);
        // Another test may get the number when this one is gone, but no other has this size.
        const int size = (1 << 20) + 8192;
        ZramDevice zram = ZramDevice.Create(size);
        using (BlockDevice device = BlockDevice.Open(zram.Path))
            Assert.Equal(size, device.Size);
        zram.Dispose();
        string disk = $"/sys/block/{Path.GetFileName(zram.Path)}/disksize";
        Assert.False(File.Exists(disk) && string.Equals(File.ReadAllText(disk).Trim(), $"{size}", StringComparison.Ordinal));
    }
}
