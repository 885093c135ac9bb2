using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Tests.Client;

/// <summary>What a host with io_uring serves, one without refuses with the cause. <see cref="ForbiddenIoUringTests"/> makes the latter.</summary>
public sealed class ForbiddenOrNotTests
{
    /// <summary>The errno that io_uring's system calls end with here; not set on an ordinary host.</summary>
    public const string ErrnoVariable = "DMIOURING_TESTS_IO_URING_ERRNO";

    [Fact]
    public void AClient_StartsOrSaysWhoForbidsIt() => AssertServedOrRefused(() =>
    {
        using DmIoClient client = new();
        Assert.Equal("io_uring", client.Capabilities.Ring);
    });

    [Fact]
    public void AProbe_AnswersOrSaysWhoForbidsIt() => AssertServedOrRefused(() =>
    {
        IoCapabilities capabilities = IoCapabilities.Probe();
        Assert.Equal("io_uring", capabilities.Ring);
        Assert.Contains(capabilities.Features, feature => feature is { Name: "IORING_OP_READ", IsAvailable: true });
        Assert.All(capabilities.Features, feature => Assert.NotEmpty(feature.Reason));
    });

    private static void AssertServedOrRefused(Action code)
    {
        string? forbidden = Environment.GetEnvironmentVariable(ErrnoVariable);
        if (forbidden is null)
        {
            code();
            return;
        }

        IoUringUnavailableException refused = Assert.Throws<IoUringUnavailableException>(code);
        int errno = int.Parse(forbidden, CultureInfo.InvariantCulture);
        Assert.Equal(IoUringRefusal.Seccomp, refused.Refusal);
        Assert.Equal(errno, refused.Errno);
        Assert.Contains($"io_uring is refused ({Errno.Name(errno)})", refused.Message, StringComparison.Ordinal);
        Assert.Contains("a seccomp filter is active", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Allow io_uring_setup, io_uring_enter and io_uring_register", refused.Message, StringComparison.Ordinal);
    }
}
