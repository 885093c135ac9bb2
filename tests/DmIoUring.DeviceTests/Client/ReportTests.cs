using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>The errno of every region, on real devices.</summary>
public sealed class ReportTests
{
    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void EveryRegionsFailure_IsReported_AndTheReportIsUsedAgain(CallWay way)
    {
        using ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 4096 });
        using TestDevice fine = new();
        using TestDevice large = new(DeviceKind.Loop4096);
        using TestDevice shrunk = new();
        using BlockDevice readOnly = BlockDevice.Open(fine.Path, DeviceAccess.Read);
        using IoMemory data = Pattern.Memory(64 << 10);
        shrunk.Loop.Resize(512 << 10);
        IoReport report = new();
        IoRegion[] regions =
        [
            fine.Region(0, 128),
            large.Region(1, 8),
            shrunk.Region(1024 - 64, 128),
            fine.Region(fine.Device.SectorCount - 8, 16),
            fine.Region(256, 0),
            new(readOnly, 512, 8),
        ];
        IoResult result = client.Write(regions, data, new IoRequestOptions(Report: report));

        Assert.Equal("0b101100", result.Failed.ToString());
        Assert.Equal("0b10", result.Unsupported.ToString());
        Assert.Equal(default, report[0]);
        Assert.Equal(new IoFailure(1, 1, Errno.EINVAL, IoFailureCause.Misaligned), report[1]);
        Assert.Equal(new IoFailure(2, 1024, Errno.ENOSPC, IoFailureCause.Device), report[2]);
        Assert.Equal(new IoFailure(3, fine.Device.SectorCount - 8, Errno.EIO, IoFailureCause.BeyondEnd), report[3]);
        Assert.Equal(default, report[4]);
        Assert.Equal(new IoFailure(5, 512, Errno.EROFS, IoFailureCause.ReadOnly), report[5]);
        Assert.Equal(report[1], result.First);
        fine.AssertHolds(0, data.GetSpan());
        shrunk.AssertHolds(1024 - 64, data.GetSpan()[..(64 * 512)]);

        Assert.Equal(default, client.Write(regions[0], data, new IoRequestOptions(Report: report)));
        for (int i = 0; i < IoRegion.MaxRegions; i++)
            Assert.Equal(default, report[i]);
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void AFailedRead_OfOneChunk_IsReportedToo(CallWay way)
    {
        using ClientUnderTest client = new(way);
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoReport report = new();
        IoResult result = client.Read(device.Region(device.Device.SectorCount, 8), data, new IoRequestOptions(Report: report));
        Assert.Equal(result.First, report[0]);
        Assert.Equal(IoFailureCause.BeyondEnd, report[0].Cause);
    }
}
