using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.UnitTests.Rings;

public sealed unsafe class RingSetupTests
{
    /// <summary>The optional flags that kernels of four ages know; the newest refused is given up first.</summary>
    private const uint TaskRun = IoUring.IORING_SETUP_COOP_TASKRUN | IoUring.IORING_SETUP_TASKRUN_FLAG;

    [Theory]
    [InlineData(IoUring.IORING_SETUP_NO_SQARRAY | IoUring.IORING_SETUP_DEFER_TASKRUN | IoUring.IORING_SETUP_SINGLE_ISSUER | TaskRun | IoUring.IORING_SETUP_SUBMIT_ALL, 5)]
    [InlineData(IoUring.IORING_SETUP_DEFER_TASKRUN | IoUring.IORING_SETUP_SINGLE_ISSUER | TaskRun | IoUring.IORING_SETUP_SUBMIT_ALL, 4)]
    [InlineData(TaskRun | IoUring.IORING_SETUP_SUBMIT_ALL, 2)]
    [InlineData(IoUring.IORING_SETUP_SUBMIT_ALL, 1)]
    [InlineData(0u, 0)]
    public void RefusedFlags_ArePeeledOffOneByOne_AndTheReasonIsKept(uint known, int taken)
    {
        const uint always = IoUring.IORING_SETUP_CQSIZE | IoUring.IORING_SETUP_R_DISABLED | IoUring.IORING_SETUP_CLAMP;
        int calls = 0;
        int descriptor = RingSetup.Negotiate(
            8,
            16,
            default,
            (_, parameters) =>
            {
                calls++;
                return (parameters->flags & ~(known | always)) == 0 ? 77 : -Errno.EINVAL;
            },
            out IoUringParams settled,
            out IReadOnlyList<IoFeature> flags);

        Assert.Equal(77, descriptor);
        Assert.Equal(known | always, settled.flags);
        Assert.Equal(6 - taken, calls);
        Assert.Equal(taken, flags.Count(static flag => flag.IsAvailable));
        Assert.All(flags.Where(static flag => !flag.IsAvailable), flag => Assert.Contains("EINVAL", flag.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void EinvalToEverything_EndsWithEinval()
    {
        int descriptor = RingSetup.Negotiate(8, 16, default, static (_, _) => -Errno.EINVAL, out IoUringParams _, out IReadOnlyList<IoFeature> _);
        Assert.Equal(-Errno.EINVAL, descriptor);
    }

    [Fact]
    public void APollingThread_IsAskedForWithoutWhatTheKernelRefusesBesideIt()
    {
        const uint polled = IoUring.IORING_SETUP_SQPOLL | IoUring.IORING_SETUP_SQ_AFF;
        const uint refused = TaskRun | IoUring.IORING_SETUP_DEFER_TASKRUN;
        IoUringParams asked = default;
        RingSetup.Negotiate(
            8,
            16,
            new RingPlan { SubmissionPollMilliseconds = 7, SubmissionProcessor = 1 },
            (_, parameters) =>
            {
                asked = *parameters;
                return 77;
            },
            out IoUringParams _,
            out IReadOnlyList<IoFeature> flags);

        Assert.Equal(polled, asked.flags & (polled | refused));
        Assert.Equal((7u, 1u), (asked.sq_thread_idle, asked.sq_thread_cpu));
        Assert.Contains(flags, static flag => flag is { Name: "IORING_SETUP_SQPOLL", IsAvailable: true });
    }

    [Fact]
    public void OtherErrors_AreNotTakenForARefusedFlag()
    {
        int calls = 0;
        int Forbidden(uint entries, IoUringParams* parameters)
        {
            calls++;
            return -Errno.EPERM;
        }

        Assert.Equal(-Errno.EPERM, RingSetup.Negotiate(8, 16, default, Forbidden, out IoUringParams _, out IReadOnlyList<IoFeature> _));
        Assert.Equal(1, calls);
    }

    [Theory]
    [InlineData(Errno.EPERM, "2", "0", IoUringRefusal.Sysctl, "kernel.io_uring_disabled is 2")]
    [InlineData(Errno.EPERM, "1", "0", IoUringRefusal.Sysctl, "io_uring_group")]
    [InlineData(Errno.EPERM, "0", "2", IoUringRefusal.Seccomp, "seccomp")]
    [InlineData(Errno.ENOSYS, null, "2", IoUringRefusal.Seccomp, "seccomp")]
    [InlineData(Errno.ENOSYS, null, "0", IoUringRefusal.NotInKernel, "CONFIG_IO_URING")]
    [InlineData(Errno.EPERM, "0", "0", IoUringRefusal.Unknown, "security module")]
    [InlineData(Errno.ENOMEM, "0", "0", IoUringRefusal.Memory, "ulimit -l")]
    [InlineData(Errno.EMFILE, "0", "0", IoUringRefusal.OpenFiles, "ulimit -n")]
    [InlineData(Errno.EINVAL, "0", "0", IoUringRefusal.Unknown, "EINVAL")]
    public void Refusal_NamesTheCause(int errno, string? disabled, string? seccomp, IoUringRefusal refusal, string words)
    {
        IoUringUnavailableException exception = RingRefusal.Explain(errno, disabled, seccomp);
        Assert.Equal(refusal, exception.Refusal);
        Assert.Equal(errno, exception.Errno);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }
}
