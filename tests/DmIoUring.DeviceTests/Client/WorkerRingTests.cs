using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A client that worker threads carry; that it keeps the contract is shown by every test of the contract.</summary>
public sealed class WorkerRingTests
{
    [Fact]
    public void AClientThatWantsWorkers_GetsThem_AndSaysThatNobodyForbadeIoUring()
    {
        using DmIoClient client = new(new DmIoOptions { Ring = IoRingKind.Workers });
        Assert.Equal("worker threads", client.Capabilities.Ring);
        Assert.Null(client.Capabilities.Refusal);
        Assert.Contains(client.Capabilities.Features, feature => feature is { Name: "io_uring", IsAvailable: false } && feature.Reason.Contains("not asked for", StringComparison.Ordinal));
    }

    [Fact]
    public void PoolPages_TravelUnregistered_AndTheClientSaysWhy()
    {
        using DmIoClient client = new(new DmIoOptions { Ring = IoRingKind.Workers });
        using TestDevice device = new();
        using PageReservation reserve = client.Reserve(4);
        using (PageList pages = client.Pages.RentPages(2))
        {
            Notification notification = new();
            client.SubmitRead(device.Region(0, 16), IoBuffer.Pages(pages), Notification.Arrived, notification);
            Assert.Equal(default, notification.Wait());
        }

        Assert.False(client.PageRegistration.IsAvailable);
        Assert.Contains("worker threads", client.PageRegistration.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task MoreRequestsThanThreads_WaitInLineAndAllEnd(int threads)
    {
        await using DmIoClient client = new(new DmIoOptions { Ring = IoRingKind.Workers, WorkerThreads = threads, Lanes = 2, QueueDepth = 16 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        Task<IoResult>[] writes = [.. Enumerable.Range(0, 256).Select(i => client.WriteAsync(device.Region(i * 8, 8), data).AsTask())];
        Assert.All(await Task.WhenAll(writes).WaitAsync(Notification.Limit), result => Assert.Equal(default, result));
        for (int i = 0; i < writes.Length; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public async Task WhatWaitsForAThread_IsGotBackWhenCancelled()
    {
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        await using DmIoClient client = new(new DmIoOptions { Ring = IoRingKind.Workers, WorkerThreads = 1 });
        using CancellationTokenSource cancel = new();
        Task<IoResult> stuck = client.WriteAsync(new IoRegion(frozen.Device, 0, 8), data).AsTask();
        Task<IoResult>[] behind =
            [.. Enumerable.Range(0, 5).Select(i => client.WriteAsync(healthy.Region(i * 8, 8), data, cancellationToken: cancel.Token).AsTask())];
        await cancel.CancelAsync();
        for (int i = 0; i < behind.Length; i++)
            Assert.Equal(new IoFailure(0, i * 8, Errno.ECANCELED, IoFailureCause.Cancelled), (await behind[i].WaitAsync(Notification.Limit)).First);
        Assert.False(stuck.IsCompleted);
        frozen.Thaw();
        Assert.Equal(default, await stuck.WaitAsync(Notification.Limit));
        healthy.AssertUntouched();
    }
}
