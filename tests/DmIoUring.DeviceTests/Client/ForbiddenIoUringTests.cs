using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Hosts that have no io_uring to give, made with a seccomp filter and with answers put into the kernel's mouth.</summary>
public sealed class ForbiddenIoUringTests
{
    [Theory]
    [InlineData(Errno.EPERM, typeof(ForbiddenOrNotTests), typeof(WriteTests), typeof(ReadTests))]
    [InlineData(Errno.ENOSYS, typeof(ForbiddenOrNotTests))]
    public void UnderASeccompFilter_TheClientSaysSo_AndReadsAndWritesAllTheSame(int errno, params Type[] classes)
    {
        using CProgram filter = new("without-io-uring.c");
        Require.That(filter.Obstacle);
        SecondRun.AssertPasses(
            [.. Expecting(errno, IoUringRefusal.Seccomp), filter.FullPath, errno.ToString(CultureInfo.InvariantCulture)],
            classes);
    }

    /// <summary>A profile that knows half of io_uring.</summary>
    [Theory]
    [InlineData(Errno.EPERM, "setup")]
    [InlineData(Errno.EPERM, "enter")]
    [InlineData(Errno.EPERM, "register")]
    [InlineData(Errno.ENOSYS, "enter")]
    [InlineData(Errno.ENOSYS, "register")]
    public void WithOneCallForbidden_TheClientSaysSo_AndDoesItsWork(int errno, string call)
    {
        using CProgram filter = new("without-io-uring.c");
        Require.That(filter.Obstacle);
        SecondRun.AssertPasses(
            [.. Expecting(errno, IoUringRefusal.Seccomp), filter.FullPath, string.Create(CultureInfo.InvariantCulture, $"{errno}:{call}")],
            typeof(ForbiddenOrNotTests));
    }

    /// <summary>As if the kernel itself had said it.</summary>
    /// <param name="call">The call that is refused.</param>
    /// <param name="errno">What it answers.</param>
    /// <param name="cause">What is to be made of it.</param>
    /// <param name="when">From which call on: a lane may be the second to ask.</param>
    [Theory]
    [InlineData("io_uring_setup", Errno.ENOMEM, IoUringRefusal.Memory, "1+")]
    [InlineData("io_uring_setup", Errno.ENOMEM, IoUringRefusal.Memory, "2+")]
    [InlineData("io_uring_setup", Errno.ENOMEM, IoUringRefusal.Memory, "3+")]
    [InlineData("io_uring_setup", Errno.ENOSYS, IoUringRefusal.NotInKernel, "1+")]
    [InlineData("io_uring_enter", Errno.ENOMEM, IoUringRefusal.Memory, "1+")]
    [InlineData("io_uring_enter", Errno.ENOSYS, IoUringRefusal.NotInKernel, "1+")]
    [InlineData("io_uring_register", Errno.ENOMEM, IoUringRefusal.Memory, "1+")]
    [InlineData("io_uring_register", Errno.ENOMEM, IoUringRefusal.Memory, "2+")]
    [InlineData("io_uring_register", Errno.ENOMEM, IoUringRefusal.Memory, "3+")]
    public void RefusedByTheKernel_TheClientSaysWhy_AndReadsAndWritesAllTheSame(string call, int errno, IoUringRefusal cause, string when)
    {
        // Not strace's --seccomp-bpf: that would be a seccomp filter.
        using ScratchFolder folder = ScratchFolder.Create();
        SecondRun.AssertPasses(
            [
                .. Expecting(errno, cause),
                "strace", "-f", "-qq", "-o", folder.PathOf("log"), "-e", "trace=" + call, "-e", $"inject={call}:error={Errno.Name(errno)}:when={when}",
            ],
            when.StartsWith('1') || call[9] == 'r' ? typeof(ForbiddenOrNotTests) : typeof(ForbiddenSecondLaneTests));
    }

    private static string[] Expecting(int errno, IoUringRefusal cause) =>
        ["env", string.Create(CultureInfo.InvariantCulture, $"{ForbiddenOrNotTests.ErrnoVariable}={errno}"), $"{ForbiddenOrNotTests.CauseVariable}={cause}"];
}
