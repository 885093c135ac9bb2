using DmIoUring.Interop;

namespace DmIoUring.UnitTests.Values;

public sealed class IoResultTests
{
    [Fact]
    public void Default_IsSuccess()
    {
        IoResult result = default;
        Assert.True(result.IsSuccess);
        Assert.Equal("ok", result.ToString());
    }

    [Fact]
    public void AFailedRegion_IsNoSuccess_AndIsNamedWithBitsSectorAndErrno()
    {
        IoResult result = new(new RegionBits(0b010), default, new IoFailure(1, 4096, Errno.EIO, IoFailureCause.Device));
        Assert.False(result.IsSuccess);
        Assert.Equal("failed 0b10; first: region 1, sector 4096: EIO", result.ToString());
    }

    [Fact]
    public void AnUnsupportedRegion_IsNoSuccess_AndFailedStaysEmpty()
    {
        IoResult result = new(default, new RegionBits(1UL << 63), new IoFailure(63, 1, Errno.EINVAL, IoFailureCause.Misaligned));
        Assert.False(result.IsSuccess);
        Assert.True(result.Failed.IsEmpty);
        Assert.Equal(
            $"unsupported 0b1{new string('0', 63)}; first: region 63, sector 1: EINVAL (off the device's logical block; nothing was issued)",
            result.ToString());
    }

    [Fact]
    public void BothSets_AreShown()
    {
        IoResult result = new(new RegionBits(0b001), new RegionBits(0b100), new IoFailure(0, 8, Errno.ENOSPC, IoFailureCause.Device));
        Assert.Equal("failed 0b1, unsupported 0b100; first: region 0, sector 8: ENOSPC", result.ToString());
    }

    [Fact]
    public void Results_AreEqualByValue()
    {
        IoFailure first = new(1, 2, 3, IoFailureCause.Device);
        Assert.Equal(new IoResult(new RegionBits(2), default, first), new IoResult(new RegionBits(2), default, first));
        Assert.NotEqual(new IoResult(new RegionBits(2), default, first), new IoResult(default, new RegionBits(2), first));
    }
}
