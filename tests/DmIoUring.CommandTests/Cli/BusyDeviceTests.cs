using DmIoUring.Cli;
using DmIoUring.Cli.Devices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>A device that another process holds exclusively, as one that was killed does for a while.</summary>
public sealed class BusyDeviceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task ReleasedWhileItIsWaitedFor_IsOpened()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        BusyWait busy = new(Limit);
        Task<DeviceFile> opening;
        using (BlockDevice.Open(loop.Path, new BlockDeviceOptions { Exclusive = true }))
        {
            opening = Task.Run(() => DeviceOpener.Open(PathFacts.Of(loop.Path), DeviceAccess.ReadWrite, exclusive: true, busy));
            Assert.True(SpinWait.SpinUntil(() => busy.HasWaited, Limit));
        }

        (await opening).Dispose();
    }

    [Fact]
    public void Kept_IsRefused_AndNotWaitedForTwice()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using BlockDevice claim = BlockDevice.Open(loop.Path, new BlockDeviceOptions { Exclusive = true });
        BusyWait busy = new(TimeSpan.Zero);
        Assert.Contains("EBUSY", Assert.Throws<RefusedException>(() => DeviceOpener.Open(PathFacts.Of(loop.Path), DeviceAccess.ReadWrite, exclusive: true, busy)).Message, StringComparison.Ordinal);
        Assert.False(busy.TryWait());
    }

    [Fact]
    public void NotExclusive_IsOpenedAtOnce()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using BlockDevice claim = BlockDevice.Open(loop.Path, new BlockDeviceOptions { Exclusive = true });
        BusyWait busy = new(Limit);
        DeviceOpener.Open(PathFacts.Of(loop.Path), DeviceAccess.ReadWrite, exclusive: false, busy).Dispose();
        Assert.False(busy.HasWaited);
    }
}
