using System.Diagnostics;
using DmIoUring.Interop;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Faults;

/// <summary>Devices that answer late, and those that do not answer.</summary>
public sealed class StuckMediumTests
{
    /// <summary>More than a loop device has tags: what is past them waits inside the kernel.</summary>
    private const int Many = 200;

    private const int LoopTags = 128;
    private const MediumOperations Write = MediumOperations.Write;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ASlowDevice_DelaysNobodyElse_AndEveryRequestEndsOnce(int lanes)
    {
        await using DmIoClient client = new(new DmIoOptions { Lanes = lanes });
        using FaultDevice slow = new();
        using FaultDevice fast = new();
        using IoMemory data = Pattern.Memory(4096);
        TimeSpan delay = TimeSpan.FromMilliseconds(100);
        using Fault fault = slow.File.Slow(MediumOperations.All, delay);
        long start = Stopwatch.GetTimestamp();
        Notification[] late = [.. Enumerable.Range(0, 64).Select(i =>
        {
            Notification notification = new();
            client.SubmitWrite(slow.Region(i * 16, 8), data, Notification.Arrived, notification);
            return notification;
        })];

        // Served while the others wait, however long that takes on a busy machine.
        int served = 0;
        while (late.All(static notification => notification.Calls == 0))
        {
            Assert.Equal(default, await client.WriteAsync(fast.Region(served++ % 100 * 16, 8), data).AsTask().WaitAsync(Notification.Limit));
            Assert.True(Stopwatch.GetElapsedTime(start) < Notification.Limit);
        }

        Assert.NotEqual(0, served);
        Assert.All(late, static notification => Assert.Equal(default, notification.Wait()));
        Assert.True(Stopwatch.GetElapsedTime(start) >= delay);
        await client.DisposeAsync();
        Assert.All(late, static notification => Assert.Equal(1, notification.Calls));
        Assert.Equal(64, slow.Changes().Length);
        for (int i = 0; i < 64; i++)
            slow.AssertHolds(i * 16, data.GetSpan());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MoreRequestsThanAStuckDeviceTakes_HoldUpNobody_AndEndOnRelease(bool writes)
    {
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 512 });
        using FaultDevice stuck = new(size: 4 << 20);
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoMemory other = Pattern.Memory(4096);
        Notification[] notifications = [.. Enumerable.Range(0, Many).Select(static _ => new Notification())];
        using (Fault held = stuck.File.Hold(MediumOperations.Read | Write))
        {
            for (int i = 0; i < Many; i++)
            {
                if (writes)
                    client.SubmitWrite(stuck.Region(i * 16, 8), data, Notification.Arrived, notifications[i]);
                else
                    client.SubmitRead(stuck.Region(i * 16, 8), data, Notification.Arrived, notifications[i]);
            }

            Assert.True(held.WaitForHits(LoopTags, Notification.Limit));
            for (int i = 0; i < 100; i++)
            {
                Assert.Equal(default, await client.WriteAsync(healthy.Region(0, 8), other).AsTask().WaitAsync(Notification.Limit));
                Assert.Equal(default, client.Write([healthy.Region(8, 8), healthy.Region(16, 8)], other));
            }

            Assert.All(notifications, static notification => Assert.Equal(0, notification.Calls));
        }

        Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
        await client.DisposeAsync();
        Assert.All(notifications, static notification => Assert.Equal(1, notification.Calls));
        if (writes)
            Assert.All(Enumerable.Range(0, Many), i => stuck.AssertHolds(i * 16, data.GetSpan()));
        else
            Assert.Equal(-1, data.GetSpan().IndexOfAnyExcept(TestDevice.Untouched));
    }

    [Fact]
    public async Task CancelledOnAStuckDevice_TheMediumAgreesWithTheResult()
    {
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 64 });
        using FaultDevice stuck = new(size: 4 << 20);
        using IoMemory data = Pattern.Memory(4096);
        using CancellationTokenSource cancel = new();
        Task<IoResult>[] tasks;
        using (Fault held = stuck.File.Hold(Write))
        {
            tasks = [.. Enumerable.Range(0, Many).Select(i => client.WriteAsync(stuck.Region(i * 16, 8), data, cancellationToken: cancel.Token).AsTask())];
            Assert.True(held.WaitForHits(64, Notification.Limit));
            await cancel.CancelAsync();

            // What the kernel never had ends while the device is still stuck.
            IoResult[] early = await Task.WhenAll(tasks[64..]).WaitAsync(Notification.Limit);
            Assert.All(early, static result => Assert.Equal((Errno.ECANCELED, IoFailureCause.Cancelled), (result.First.Errno, result.First.Cause)));
            Assert.Equal(64, held.Hits);
        }

        IoResult[] results = await Task.WhenAll(tasks).WaitAsync(Notification.Limit);
        for (int i = 0; i < Many; i++)
        {
            Assert.True(results[i].Unsupported.IsEmpty);
            if (results[i].IsSuccess)
                stuck.AssertHolds(i * 16, data.GetSpan());
            else
                Assert.Equal(new IoFailure(0, i * 16, Errno.ECANCELED, IoFailureCause.Cancelled), results[i].First);
            if (i >= 64)
                stuck.AssertUntouched(i * 16, 8);
        }

        Assert.Equal(default, await client.WriteAsync(stuck.Region(0, 8), data).AsTask().WaitAsync(Notification.Limit));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheTimeLimit_SetsTheRegionsBit_AndTheRestIsNeverIssued(bool writes)
    {
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 1, ChunkBytes = 4096, RequestTimeLimit = TimeSpan.FromMilliseconds(50) });
        using FaultDevice stuck = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(8192);
        Task<IoResult> late;
        using (Fault held = stuck.File.Hold(MediumOperations.Read | Write))
        {
            late = writes
                ? client.WriteAsync(stuck.Region(32, 16), data).AsTask()
                : client.ReadAsync(stuck.Region(32, 16), data).AsTask();
            Assert.True(held.WaitForHits(1, Notification.Limit));
            using IoMemory other = Pattern.Memory(4096);
            IoResult behind = await client.WriteAsync(healthy.Region(0, 8), other).AsTask().WaitAsync(Notification.Limit);
            Assert.Equal(new IoFailure(0, 0, Errno.ETIMEDOUT, IoFailureCause.TimedOut), behind.First);
            Assert.False(late.IsCompleted);
        }

        IoResult result = await late.WaitAsync(Notification.Limit);
        Assert.Equal(("0b1", "0b0"), (result.Failed.ToString(), result.Unsupported.ToString()));

        // The first piece was done after all; the second was not tried.
        Assert.Equal(new IoFailure(0, 40, Errno.ETIMEDOUT, IoFailureCause.TimedOut), result.First);
        Assert.Equal([32L], stuck.File.Log.Where(static request => request.Operation is Write or MediumOperations.Read).Select(static request => request.Sector));
        if (!writes)
            Assert.Equal(-1, data.GetSpan()[4096..].IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void ASyncWriteWithAStuckLeg_ReturnsWhenItIsReleased()
    {
        using DmIoClient client = new();
        using FaultDevice stuck = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        IoResult? result = null;
        Thread writer = new(() => result = client.Write([healthy.Region(0, 8), stuck.Region(0, 8)], data));
        using (Fault held = stuck.File.Hold(Write))
        {
            writer.Start();
            Assert.True(held.WaitForHits(1, Notification.Limit));

            // Another thread's calls go on: each has a ring of its own.
            Assert.Equal(default, client.Write([healthy.Region(8, 8), healthy.Region(16, 8)], data));
            Assert.Null(result);
        }

        Assert.True(writer.Join(Notification.Limit));
        Assert.Equal(default(IoResult), result);
        healthy.AssertHolds(0, data.GetSpan());
        stuck.AssertHolds(0, data.GetSpan());
    }
}
