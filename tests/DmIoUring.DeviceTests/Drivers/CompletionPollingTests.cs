using DmIoUring.DeviceTests.Client;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Drivers;

/// <summary>
/// Clients that ask devices for completions, on devices without polled queues: the whole contract holds for them too
/// (<see cref="CallWay.PolledCallback"/>), and lanes sleep, wake and end. What a device with polled queues does is seen on an NVMe only.
/// </summary>
public sealed class CompletionPollingTests
{
    public static TheoryData<IoCompletionPolling> Polling => [IoCompletionPolling.Busy, IoCompletionPolling.Hybrid];

    [Theory]
    [MemberData(nameof(Polling))]
    public void ADeviceThatCannotBePolled_IsWrittenByALane(IoCompletionPolling polling)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        using DmIoClient client = new(new DmIoOptions { CompletionPolling = polling, QueueDepth = 8, ChunkBytes = 4096 });
        for (int round = 0; round < 20; round++)
        {
            Notification[] notifications = [.. Enumerable.Range(0, 20).Select(static _ => new Notification())];
            foreach (Notification notification in notifications)
                client.SubmitWrite([device.Region(0, 128), device.Region(256, 8)], data, Notification.Arrived, notification);
            Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
        }

        device.AssertHolds(0, data.GetSpan());
        device.AssertHolds(256, data.GetSpan()[..4096]);
        device.AssertUntouched(128, 128);
    }

    [Theory]
    [MemberData(nameof(Polling))]
    public void ADeviceThatCannotBePolled_IsReadByAReactor_AndTriedOnce(IoCompletionPolling polling)
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new(new IoReactorOptions { CompletionPolling = polling });
        for (int round = 0; round < 20; round++)
        {
            IoResult? ended = null;
            reactor.SubmitRead(device.Region(0, 8), memory, (result, _) => ended = result);
            Assert.Equal(1, reactor.Poll(1, Notification.Limit));
            Assert.Equal(default(IoResult), ended);
        }

        Assert.Equal(0, reactor.Poll(1, TimeSpan.FromMilliseconds(1)));

        // Kernels before 6.18 complete a polled transfer of a loop device by its interrupt, and refuse none.
        Assert.InRange(reactor.Statistics.Entries, 20, 21);
    }

    [Theory]
    [MemberData(nameof(Polling))]
    public void FlushesPreflushesDiscardsAndZeroes_AreNotPolledFor(IoCompletionPolling polling)
    {
        using TestDevice device = new();
        Require.Discards(device.Device.Path);
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new(new DmIoOptions { CompletionPolling = polling });
        IoRegion region = device.Region(0, 8);
        Assert.Equal(default, Wait(client.WriteAsync(region, data, IoFlags.Preflush | IoFlags.Fua)));
        device.AssertHolds(0, data.GetSpan());
        Assert.Equal(default, Wait(client.FlushAsync([region])));
        Assert.Equal(default, Wait(client.WriteZeroesAsync([device.Region(0, 4)])));
        Assert.Equal(default, Wait(client.DiscardAsync([device.Region(4, 4)])));
        device.AssertHolds(0, new byte[4096]);
        device.AssertUntouched(8, 64);
    }

    [Fact]
    public void SynchronousCalls_DoNotPoll()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new(new DmIoOptions { CompletionPolling = IoCompletionPolling.Busy });
        Assert.Equal(default, client.Write([device.Region(0, 8), device.Region(8, 8)], data, IoFlags.Preflush));
        device.AssertHolds(0, data.GetSpan());
        device.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void TheDevice_SaysWhetherItCanBePolled()
    {
        using TestDevice device = new();
        Assert.NotNull(device.Device.ReadAbilities().HasPolledQueues);
    }

    private static IoResult Wait(ValueTask<IoResult> task)
    {
        Task<IoResult> result = task.AsTask();
        Assert.True(result.Wait(Notification.Limit), $"Not completed within {Notification.Limit}.");
        return result.Result;
    }
}
