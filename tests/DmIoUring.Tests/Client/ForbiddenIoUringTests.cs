using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.Tests.Devices;
using DmIoUring.Tests.Support;

namespace DmIoUring.Tests.Client;

/// <summary>Hosts that have no io_uring to give, made with a seccomp filter and with answers put into the kernel's mouth.</summary>
public sealed class ForbiddenIoUringTests
{
    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENOSYS)]
    public void UnderASeccompFilter_TheClientSaysSo_AndReadsAndWritesAllTheSame(int errno)
    {
        using CProgram filter = new("without-io-uring.c");
        Require.That(filter.Obstacle);
        SecondRun.AssertPasses(
            [.. Expecting(errno, IoUringRefusal.Seccomp), filter.FullPath, errno.ToString(CultureInfo.InvariantCulture)],
            typeof(ForbiddenOrNotTests),
            typeof(WriteTests),
            typeof(ReadTests));
    }

    /// <summary>As if the kernel itself had said it.</summary>
    /// <param name="errno">What io_uring_setup answers.</param>
    /// <param name="cause">What is to be made of it.</param>
    /// <param name="when">From which call on: a lane may be the second to ask.</param>
    [Theory]
    [InlineData(Errno.ENOMEM, IoUringRefusal.Memory, "1+")]
    [InlineData(Errno.ENOMEM, IoUringRefusal.Memory, "2+")]
    [InlineData(Errno.ENOSYS, IoUringRefusal.NotInKernel, "1+")]
    public void RefusedByTheKernel_TheClientSaysWhy_AndReadsAndWritesAllTheSame(int errno, IoUringRefusal cause, string when)
    {
        // Not strace's --seccomp-bpf: that would be a seccomp filter.
        using ScratchFolder folder = ScratchFolder.Create();
        SecondRun.AssertPasses(
            [
                .. Expecting(errno, cause),
                "strace", "-f", "-qq", "-o", folder.PathOf("log"), "-e", "trace=io_uring_setup", "-e", $"inject=io_uring_setup:error={Errno.Name(errno)}:when={when}",
            ],
            when.StartsWith('1') ? typeof(ForbiddenOrNotTests) : typeof(ForbiddenSecondLaneTests));
    }

    private static string[] Expecting(int errno, IoUringRefusal cause) =>
        ["env", string.Create(CultureInfo.InvariantCulture, $"{ForbiddenOrNotTests.ErrnoVariable}={errno}"), $"{ForbiddenOrNotTests.CauseVariable}={cause}"];
}
