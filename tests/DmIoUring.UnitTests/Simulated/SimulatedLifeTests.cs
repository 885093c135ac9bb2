using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Simulated;

/// <summary>A simulated disk's request from its arrival to its end: what is decided when it comes stays so, it ends once whatever happens, and no wait is for ever that should not be.</summary>
public sealed class SimulatedLifeTests
{
    public static TheoryData<CallWay> Ways => SimulatedBench.Ways;

    /// <summary>What io_uring knows of a failed FUA write on a drive with FUA: that this write has failed, and nothing of others.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void AFailedWriteWithFua_OnADiskWithFua_RaisesNoDoubt(CallWay way)
    {
        using SimulatedBench bench = new();
        using ClientUnderTest client = bench.NewClient(way);
        using IoMemory data = Pattern.Memory(4096);
        using (bench.Disk.Fail(MediumOperations.Write, Errno.EIO, times: 1))
            Assert.Equal(new IoFailure(0, 8, Errno.EIO, IoFailureCause.Device), client.Write(bench.Region(8, 8), data, IoFlags.Fua).First);
        Assert.Null(bench.Device.Doubt);
        Assert.Equal(default, client.Write(bench.Region(8, 8), data, IoFlags.Fua));
        Assert.Equal(default, client.Maintain(IoOperation.Flush, bench.Region(0, 0)));
        Assert.Null(bench.Device.Doubt);
    }
}
