using DmIoUring.ScratchDevices;

namespace DmIoUring.UnitTests.Values;

public sealed class IoRegionTests
{
    [Fact]
    public void Sectors_Are512Bytes_AndRegions64() => Assert.Equal((512, 64), (IoRegion.SectorSize, IoRegion.MaxRegions));

    [Fact]
    public void Whole_CoversTheDevice_FromItsFirstSector()
    {
        using ScratchFile file = ScratchFile.Create(3 * 4096);
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        Assert.Equal(new IoRegion(device, 0, 24), IoRegion.Whole(device));
    }

    [Fact]
    public void Whole_LeavesOutAHalfSectorAtTheEnd()
    {
        using ScratchFile file = ScratchFile.Create(1023);
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        Assert.Equal(1, IoRegion.Whole(device).Count);
    }

    [Fact]
    public void Whole_WithoutADevice_Throws() =>
        Assert.Equal("device", Assert.Throws<ArgumentNullException>(() => IoRegion.Whole(null!)).ParamName);

    [Fact]
    public void ToString_NamesPathSectorAndCount()
    {
        using ScratchFile file = ScratchFile.Create(4096);
        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        Assert.Equal($"{file.Path} sectors 2048+8", new IoRegion(device, 2048, 8).ToString());
    }

    [Fact]
    public void ToString_OfTheDefault_DoesNotThrow() => Assert.Equal("(no device) sectors 0+0", default(IoRegion).ToString());
}
