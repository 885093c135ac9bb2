using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Drivers;

public sealed class LaneOptionsTests
{
    public static TheoryData<DmIoOptions> OutOfRange =>
    [
        new DmIoOptions { LaneBatchWait = TimeSpan.FromTicks(-1) },
        new DmIoOptions { LaneBatchWait = TimeSpan.FromMilliseconds(1.1) },
        new DmIoOptions { SpinLimit = TimeSpan.FromTicks(-1) },
        new DmIoOptions { SpinLimit = TimeSpan.FromSeconds(1.1) },
        new DmIoOptions { SpinShare = -0.01 },
        new DmIoOptions { SpinShare = 1.01 },
        new DmIoOptions { SpinShare = double.NaN },
        new DmIoOptions { WaitPolicy = (IoWaitPolicy)3 },
        new DmIoOptions { Callbacks = (IoCallbackThreads)2 },
        new DmIoOptions { LaneProcessors = [0, -1] },
        new DmIoOptions { LaneProcessors = [1024] },
        new DmIoOptions { LaneProcessors = null! },
        new DmIoOptions { SubmissionPolling = TimeSpan.FromMicroseconds(999) },
        new DmIoOptions { SubmissionPolling = TimeSpan.FromSeconds(61) },
        new DmIoOptions { SubmissionProcessor = 0 },
        new DmIoOptions { SubmissionPolling = TimeSpan.FromSeconds(1), SubmissionProcessor = -1 },
        new DmIoOptions { SubmissionPolling = TimeSpan.FromSeconds(1), Ring = IoRingKind.Workers },
        new DmIoOptions { CompletionPolling = (IoCompletionPolling)3 },
        new DmIoOptions { CompletionPolling = IoCompletionPolling.Busy, SubmissionPolling = TimeSpan.FromSeconds(1) },
        new DmIoOptions { CompletionPolling = IoCompletionPolling.Hybrid, Ring = IoRingKind.Workers },
    ];

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void AnOptionOutOfItsRange_IsRefused(DmIoOptions options) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DmIoClient(options));

    [Fact]
    public void Lanes_StayOnTheirProcessors_InTurn()
    {
        int last = Environment.ProcessorCount - 1;
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { Lanes = 4, LaneProcessors = [last, 0] });
        for (int i = 0; i < 64; i++)
        {
            (string? Lane, int Processor) ran = default;
            using ManualResetEventSlim done = new();
            client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
            {
                ran = (Thread.CurrentThread.Name, Thread.GetCurrentProcessorId());
                done.Set();
            });
            Assert.True(done.Wait(Notification.Limit));
            Assert.Equal(ran.Lane is "dmio lane 0" or "dmio lane 2" ? last : 0, ran.Processor);
        }
    }

    [Fact]
    public void AProcessorThatIsNotThere_IsNamed()
    {
        ArgumentOutOfRangeException thrown = Assert.Throws<ArgumentOutOfRangeException>(static () =>
            new DmIoClient(new DmIoOptions { Lanes = 2, LaneProcessors = [0, 1023] }));
        Assert.Equal(nameof(DmIoOptions.LaneProcessors), thrown.ParamName);
        Assert.Equal(1023, thrown.ActualValue);
    }

    [Fact]
    public void ALaneThatSpins_NeedsNoWaking()
    {
        const int requests = 100;
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { WaitPolicy = IoWaitPolicy.Busy, SpinLimit = TimeSpan.FromSeconds(1) });
        for (int i = 0; i < requests; i++)
        {
            Notification notification = new();
            client.SubmitRead(device.Region(0, 8), memory, Notification.Arrived, notification);
            Assert.Equal(default, notification.Wait());
        }

        // One second passes between none of these but the first, unless the machine stands still.
        Assert.InRange(client.Statistics.WakeUps, 0, requests / 2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(1000)]
    public void WaitingForABatch_HoldsNothingUpForEver(int microseconds)
    {
        const int requests = 2000;
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 64, LaneBatchWait = TimeSpan.FromMicroseconds(microseconds) });
        using CountdownEvent left = new(requests);
        int toSubmit = requests - 100;
        for (int i = 0; i < 100; i++)
            Submit();
        Assert.True(left.Wait(Notification.Limit));

        void Submit() => client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
        {
            if (Interlocked.Decrement(ref toSubmit) >= 0)
                Submit();
            left.Signal();
        });
    }

    [Fact]
    public void AnEmptyPoll_MakesNoSystemCall()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        Assert.SkipUnless(
            reactor.Capabilities.Features.Any(static feature => feature is { Name: "IORING_SETUP_TASKRUN_FLAG", IsAvailable: true }),
            "This kernel does not say whether it has something to tell: it is before 5.19.");
        reactor.SubmitRead(device.Region(0, 8), memory, static (_, _) => { });
        Assert.Equal(1, reactor.Poll(1));
        long enters = reactor.Statistics.Enters;
        for (int i = 0; i < 1000; i++)
            Assert.Equal(0, reactor.Poll());
        Assert.Equal(enters, reactor.Statistics.Enters);
    }
}
