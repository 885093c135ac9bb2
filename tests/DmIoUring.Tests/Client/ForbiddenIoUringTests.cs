using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.Tests.Devices;
using DmIoUring.Tests.Support;

namespace DmIoUring.Tests.Client;

/// <summary>A host that forbids io_uring, made with a seccomp filter.</summary>
public sealed class ForbiddenIoUringTests
{
    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENOSYS)]
    public void UnderASeccompFilter_TheClientSaysSo_AndReadsAndWritesAllTheSame(int errno)
    {
        using CProgram filter = new("without-io-uring.c");
        Require.That(filter.Obstacle);
        string number = errno.ToString(CultureInfo.InvariantCulture);
        SecondRun.AssertPasses(
            ["env", $"{ForbiddenOrNotTests.ErrnoVariable}={number}", filter.FullPath, number],
            typeof(ForbiddenOrNotTests),
            typeof(WriteTests),
            typeof(ReadTests));
    }
}
