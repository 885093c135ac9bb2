using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Drivers;

/// <summary>Rings whose entries a thread of the kernel's takes. It sleeps after a millisecond here, so most submissions have to wake it.</summary>
public sealed class SubmissionPollingTests
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    /// <summary>Long enough for the kernel's thread to fall asleep, most times; when it does not, that is tested too.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    [Fact]
    public void Submissions_WakeAThreadThatSleeps_AndNoneIsLost()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(64 << 10);
        using DmIoClient client = new(new DmIoOptions { SubmissionPolling = Shortest, QueueDepth = 32 });
        for (int round = 0; round < 300; round++)
        {
            int requests = 1 + (round % 16);
            Notification[] notifications = [.. Enumerable.Range(0, requests).Select(static _ => new Notification())];
            for (int i = 0; i < requests; i++)
                client.SubmitRead(device.Region(i * 8, 8), memory.Slice(i * 4096, 4096), Notification.Arrived, notifications[i]);
            Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
            if (round % 3 == 0)
                Thread.Sleep(Pause);
        }
    }

    [Fact]
    public void AReactor_WakesAThreadThatSleeps()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new(new IoReactorOptions { SubmissionPolling = Shortest });
        int ended = 0;
        for (int round = 1; round <= 200; round++)
        {
            reactor.SubmitRead(device.Region(round % 64 * 8, 8), memory, (result, _) => ended += result.IsSuccess ? 1 : 0);
            Assert.Equal(1, reactor.Poll(1, Notification.Limit));
            Assert.Equal(round, ended);
            if (round % 4 == 0)
                Thread.Sleep(Pause);
        }
    }

    [Fact]
    public void EveryKindOfRequest_GoesThrough_AndMoreThanTheQueueHolds()
    {
        using TestDevice first = new();
        using TestDevice second = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(64 << 10);
        using IoMemory read = IoMemory.Allocate(64 << 10);
        using DmIoClient client = new(new DmIoOptions { SubmissionPolling = Shortest, QueueDepth = 4, ChunkBytes = 4096 });
        IoRegion[] legs = [first.Region(0, 128), second.Region(128, 128)];
        Assert.Equal(default, Wait(client.WriteAsync(legs, data, IoFlags.Preflush | IoFlags.Fua)));
        Assert.Equal(default, Wait(client.FlushAsync(legs)));
        Assert.Equal(default, Wait(client.ReadAsync(second.Region(128, 128), read)));
        Assert.True(read.GetSpan().SequenceEqual(data.GetSpan()));

        // In 1,024 pieces that are no multiple of anything, so that the entries' vectors fill their places several times over.
        Memory<byte>[] pieces = [.. Enumerable.Range(0, 1024).Select(i => data.Memory.Slice(i * 64, 64))];
        for (int i = 0; i < 50; i++)
            Assert.Equal(default, Wait(client.WriteAsync([first.Region(256, 128), second.Region(256, 128)], IoBuffer.From(pieces))));
        first.AssertHolds(256, data.GetSpan());
        second.AssertHolds(256, data.GetSpan());
        Assert.Equal(default, Wait(client.WriteZeroesAsync([first.Region(256, 128)])));
        first.AssertHolds(256, new byte[64 << 10]);
    }

    [Fact]
    public void TheThread_IsToldOfInTheCapabilities()
    {
        Require.KernelRing();
        using DmIoClient client = new(new DmIoOptions { SubmissionPolling = Shortest, SubmissionProcessor = 0 });
        Assert.Contains(client.Capabilities.Features, static feature => feature is { Name: "IORING_SETUP_SQPOLL", IsAvailable: true });
    }

    [Fact]
    public void AProcessorThatIsNotThere_IsNamed()
    {
        Require.KernelRing();
        ArgumentOutOfRangeException thrown = Assert.Throws<ArgumentOutOfRangeException>(static () =>
            new IoReactor(new IoReactorOptions { SubmissionPolling = Shortest, SubmissionProcessor = 1023 }));
        Assert.Equal(nameof(IoDriverOptions.SubmissionProcessor), thrown.ParamName);
        Assert.Equal(1023, thrown.ActualValue);
    }

    private static IoResult Wait(ValueTask<IoResult> request)
    {
        Task<IoResult> task = request.AsTask();
        Assert.True(task.Wait(Notification.Limit), "The request does not end.");
        return task.Result;
    }
}
