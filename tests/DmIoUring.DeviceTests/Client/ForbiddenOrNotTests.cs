using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>What a client does on a host with io_uring, and on one without. <see cref="ForbiddenIoUringTests"/> makes the latter.</summary>
public sealed class ForbiddenOrNotTests
{
    /// <summary>The errno that io_uring's system calls end with here; not set on an ordinary host.</summary>
    public const string ErrnoVariable = "DMIOURING_TESTS_IO_URING_ERRNO";

    /// <summary>The cause that is to be named then.</summary>
    public const string CauseVariable = "DMIOURING_TESTS_IO_URING_CAUSE";

    private static readonly string? Forbidden = Environment.GetEnvironmentVariable(ErrnoVariable);

    private static IoUringRefusal Cause => Enum.Parse<IoUringRefusal>(Environment.GetEnvironmentVariable(CauseVariable)!);

    private static string CauseInWords => Cause switch
    {
        IoUringRefusal.Seccomp => "a seccomp filter is active and most container profiles forbid io_uring. Allow io_uring_setup, io_uring_enter and io_uring_register",
        IoUringRefusal.Memory => "Raise RLIMIT_MEMLOCK (ulimit -l)",
        _ => "this kernel has",
    };

    [Fact]
    public void AClient_IsCarriedByIoUring_OrByWorkersAndSaysWhy()
    {
        using DmIoClient client = new();
        AssertRing(client.Capabilities);
    }

    [Fact]
    public void AReactor_IsCarriedByIoUring_OrByWorkersAndSaysWhy()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        AssertRing(reactor.Capabilities);
        int ended = 0;
        reactor.SubmitWrite([device.Region(0, 8), device.Region(8, 8)], data, (result, _) => ended += result.IsSuccess ? 1 : 0);
        reactor.Poll(1);
        Assert.Equal(1, ended);
        device.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void SynchronousCalls_AreServed()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new();
        Assert.Equal(default, client.Write([device.Region(0, 8), device.Region(8, 8)], data));
        device.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void AProbe_AnswersWhatAClientWouldHave()
    {
        IoCapabilities capabilities = IoCapabilities.Probe();
        AssertRing(capabilities);
        Assert.All(capabilities.Features, feature => Assert.NotEmpty(feature.Reason));
        if (Forbidden is null)
            Assert.Contains(capabilities.Features, feature => feature is { Name: "IORING_OP_READ", IsAvailable: true });
    }

    [Fact]
    public void AClientThatInsistsOnIoUring_StartsOrThrowsWithTheCause()
    {
        DmIoOptions insisting = new() { Ring = IoRingKind.IoUring };
        if (Forbidden is null)
        {
            using DmIoClient client = new(insisting);
            AssertRing(client.Capabilities);
            return;
        }

        IoUringUnavailableException refused = Assert.Throws<IoUringUnavailableException>(() => new DmIoClient(insisting));
        Assert.Equal(Cause, refused.Refusal);
        Assert.Equal(int.Parse(Forbidden, CultureInfo.InvariantCulture), refused.Errno);
        AssertNamesCause(refused.Message);
    }

    private static void AssertRing(IoCapabilities capabilities)
    {
        if (Forbidden is null)
        {
            Assert.Equal("io_uring", capabilities.Ring);
            Assert.Null(capabilities.Refusal);
            return;
        }

        Assert.Equal("worker threads", capabilities.Ring);
        Assert.Equal(Cause, capabilities.Refusal);
        AssertNamesCause(Assert.Single(capabilities.Features, feature => feature is { Name: "io_uring", IsAvailable: false }).Reason);
    }

    private static void AssertNamesCause(string reason)
    {
        int errno = int.Parse(Forbidden!, CultureInfo.InvariantCulture);
        Assert.Contains($"io_uring is refused ({Errno.Name(errno)}", reason, StringComparison.Ordinal);
        Assert.Contains(CauseInWords, reason, StringComparison.Ordinal);
    }
}
