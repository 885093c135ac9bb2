using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.Tests.Devices;
using DmIoUring.Tests.Support;

namespace DmIoUring.Tests.Client;

/// <summary>
/// A host that forbids io_uring: this assembly runs the tests of <see cref="ForbiddenOrNotTests"/> again under a seccomp filter.
/// </summary>
public sealed class ForbiddenIoUringTests
{
    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENOSYS)]
    public void UnderASeccompFilter_TheExceptionNamesIt(int errno)
    {
        using CProgram filter = new("without-io-uring.c");
        Require.That(filter.Obstacle);
        string number = errno.ToString(CultureInfo.InvariantCulture);
        string tests = Path.Combine(AppContext.BaseDirectory, typeof(ForbiddenOrNotTests).Assembly.GetName().Name!);
        ChildProcess? child = ChildProcess.Run(
            "env",
            $"{ForbiddenOrNotTests.ErrnoVariable}={number}",
            filter.FullPath,
            number,
            tests,
            "-nocolor",
            "-class",
            typeof(ForbiddenOrNotTests).FullName!);
        Assert.NotNull(child);
        Assert.True(child.ExitCode == 0, child.Output + child.Errors);
        Assert.Matches("Total: 2, Errors: 0, Failed: 0, Skipped: 0", child.Output);
    }
}
