using DmIoUring.Interop;
using DmIoUring.Rings;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>Real rings with no more flags than older kernels grant: another queue layout, other rules of who may enter when.</summary>
public sealed unsafe class OlderKernelTests
{
    private const uint TaskRun = IoUring.IORING_SETUP_COOP_TASKRUN | IoUring.IORING_SETUP_TASKRUN_FLAG;

    /// <summary>6.1, 6.0, 5.19, 5.18, 5.13.</summary>
    public static TheoryData<uint> Flags =>
    [
        IoUring.IORING_SETUP_DEFER_TASKRUN | IoUring.IORING_SETUP_SINGLE_ISSUER | TaskRun | IoUring.IORING_SETUP_SUBMIT_ALL,
        IoUring.IORING_SETUP_SINGLE_ISSUER | TaskRun | IoUring.IORING_SETUP_SUBMIT_ALL,
        TaskRun | IoUring.IORING_SETUP_SUBMIT_ALL,
        IoUring.IORING_SETUP_SUBMIT_ALL,
        0u,
    ];

    [Theory]
    [MemberData(nameof(Flags))]
    public void AClient_ServesEveryKindOfCall(uint known)
    {
        using TestDevice first = new();
        using TestDevice second = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(64 << 10);
        Notification[] notifications = [.. Enumerable.Range(0, 200).Select(static _ => new Notification())];
        using (DmIoClient client = new(new DmIoOptions { QueueDepth = 8, ChunkBytes = 16 << 10 }, new OlderRingSource(known)))
        {
            Assert.Equal(default, client.Write([first.Region(0, 128), second.Region(128, 128)], data, IoFlags.Preflush | IoFlags.Fua));
            for (int i = 0; i < notifications.Length; i++)
                client.SubmitWrite([first.Region(256 + (i * 8), 8), second.Region(256 + (i * 8), 8)], data, Notification.Arrived, notifications[i]);
            Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
            using IoMemory read = IoMemory.Allocate(64 << 10);
            Assert.Equal(default, client.ReadAsync(second.Region(128, 128), read).AsTask().GetAwaiter().GetResult());
            Assert.True(read.GetSpan().SequenceEqual(data.GetSpan()));
        }

        first.AssertHolds(0, data.GetSpan());
        for (int i = 0; i < notifications.Length; i++)
            first.AssertHolds(256 + (i * 8), data.GetSpan()[..4096]);
    }

    [Fact]
    public void AKernelThatLacksWhatIsNeeded_IsTooOld_AndItsRingIsClosed()
    {
        CallsWithoutTags calls = new();
        IoUringUnavailableException refused = Assert.Throws<IoUringUnavailableException>(() => KernelRingHandle.Create(8, default, calls));
        Assert.Equal(IoUringRefusal.TooOld, refused.Refusal);
        Assert.Contains("5.13", refused.Message, StringComparison.Ordinal);
        Assert.Equal(-Errno.EBADF, Libc.Fcntl(calls.Descriptor, FileAbi.F_GETFL, 0));
    }

    private sealed class CallsWithoutTags : RingCalls
    {
        public int Descriptor { get; private set; } = -1;

        public override int Setup(uint entries, IoUringParams* parameters)
        {
            // The kernel may not know every flag that is asked for first.
            int low = base.Setup(entries, parameters);
            if (low < 0)
                return low;

            // High enough that no other test's file gets the number once it is closed.
            Descriptor = Libc.Fcntl(low, FileAbi.F_DUPFD_CLOEXEC, 900);
            _ = Libc.Close(low);
            parameters->features &= ~IoUring.IORING_FEAT_RSRC_TAGS;
            return Descriptor;
        }
    }
}
