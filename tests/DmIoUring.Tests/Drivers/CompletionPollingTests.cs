using DmIoUring.Interop;
using DmIoUring.Tests.Client;

namespace DmIoUring.Tests.Drivers;

/// <summary>
/// Rings that ask devices for completions. Loop devices have no polled queues, so every transfer is refused here; what is tested is that
/// the refusal comes back as one, and that lanes sleep, wake and end without a poll of their eventfd.
/// </summary>
public sealed class CompletionPollingTests
{
    public static TheoryData<IoCompletionPolling> Polling => [IoCompletionPolling.Busy, IoCompletionPolling.Hybrid];

    [Theory]
    [MemberData(nameof(Polling))]
    public void ADeviceWithoutPolledQueues_IsUnsupported_ByALane(IoCompletionPolling polling)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        using DmIoClient client = new(new DmIoOptions { CompletionPolling = polling, QueueDepth = 8, ChunkBytes = 4096 });
        for (int round = 0; round < 20; round++)
        {
            Notification[] notifications = [.. Enumerable.Range(0, 20).Select(static _ => new Notification())];
            foreach (Notification notification in notifications)
                client.SubmitWrite([device.Region(0, 128), device.Region(256, 8)], data, Notification.Arrived, notification);
            Assert.All(notifications, static notification => AssertUnsupported(notification.Wait(), 0b11));
        }

        device.AssertUntouched(0, 512);
    }

    [Theory]
    [MemberData(nameof(Polling))]
    public void ADeviceWithoutPolledQueues_IsUnsupported_ByAReactor(IoCompletionPolling polling)
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new(new IoReactorOptions { CompletionPolling = polling });
        IoResult ended = default;
        for (int round = 0; round < 20; round++)
        {
            reactor.SubmitRead(device.Region(0, 8), memory, (result, _) => ended = result);
            Assert.Equal(1, reactor.Poll(1, Notification.Limit));
            AssertUnsupported(ended, 1);
        }

        Assert.Equal(0, reactor.Poll(1, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void WhatSuchARingDoesNotKnow_IsUnsupported()
    {
        using TestDevice device = new();
        using DmIoClient client = new(new DmIoOptions { CompletionPolling = IoCompletionPolling.Busy });
        Task<IoResult> flush = client.FlushAsync([device.Region(0, 8)]).AsTask();
        Assert.True(flush.Wait(Notification.Limit));
        Assert.Equal(1ul, flush.Result.Unsupported.Value);
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
        Assert.False(device.Device.ReadAbilities().HasPolledQueues);
    }

    private static void AssertUnsupported(IoResult result, ulong regions)
    {
        Assert.Equal((0ul, regions), (result.Failed.Value, result.Unsupported.Value));
        Assert.Equal(Errno.EOPNOTSUPP, result.First.Errno);
    }
}
