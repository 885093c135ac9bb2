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
        ZramDevice zram = ZramDevice.Create(1 << 20);
        using (BlockDevice device = BlockDevice.Open(zram.Path))
            Assert.Equal(1 << 20, device.Size);
        zram.Dispose();
        Assert.False(Directory.Exists("/sys/block/" + Path.GetFileName(zram.Path)));
    }
}
