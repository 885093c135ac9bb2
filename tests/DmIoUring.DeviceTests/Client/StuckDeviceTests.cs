using DmIoUring.Interop;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Cancellation and time limits against a device that really does not answer, and without one.</summary>
public sealed class StuckDeviceTests
{
    [Fact]
    public async Task ACancelledWrite_EndsOnlyWhenTheDeviceReleasesItsBuffer()
    {
        // Worker threads are few: a device that is stuck can have them all, and others wait.
        Require.KernelRing();
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        await using DmIoClient client = new(new DmIoOptions { ChunkBytes = 4096 });
        using CancellationTokenSource cancel = new();
        HashSet<string> others = FrozenFile.StuckWriters();
        Task<IoResult> stuck = client.WriteAsync(new IoRegion(frozen.Device, 0, 128), data, cancellationToken: cancel.Token).AsTask();

        // What none of the kernel's threads has begun would be cancelled there. With one processor that can be all of it for a while.
        Assert.True(SpinWait.SpinUntil(() => !FrozenFile.StuckWriters().IsSubsetOf(others), Notification.Limit), "No thread of the kernel writes to the frozen file.");
        Assert.Equal(default, await client.WriteAsync(healthy.Region(0, 8), data).AsTask().WaitAsync(Notification.Limit));
        await cancel.CancelAsync();

        // The lane has seen the cancel by the time it has served others, and serves them all the same.
        for (int i = 0; i < 50; i++)
            Assert.Equal(default, await client.WriteAsync(healthy.Region(0, 8), data).AsTask().WaitAsync(Notification.Limit));
        Assert.False(stuck.IsCompleted);
        frozen.Thaw();
        IoResult result = await stuck.WaitAsync(Notification.Limit);
        data.GetSpan().Fill(0x11);
        if (result.IsSuccess)
            Assert.Equal(Pattern.Bytes(64 << 10), frozen.Medium()[..(64 << 10)]);
        else
            Assert.Equal((Errno.ECANCELED, IoFailureCause.Cancelled), (result.First.Errno, result.First.Cause));
        byte[] late = new byte[64];
        Array.Fill(late, (byte)0x11);
        Assert.Equal(-1, frozen.Medium().AsSpan().IndexOf(late));
    }

    [Theory]
    [InlineData(IoRingKind.Automatic)]
    [InlineData(IoRingKind.Workers)]
    public async Task AStuckDevice_LeavesPlacesToOthers(IoRingKind ring)
    {
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        await using DmIoClient client = new(new DmIoOptions { Ring = ring, QueueDepth = 8, WorkerThreads = 4 });
        Assert.Equal(default, await client.WriteAsync(healthy.Region(0, 8), data));
        Task<IoResult>[] stuck = [.. Enumerable.Range(0, 30).Select(i => client.WriteAsync(new IoRegion(frozen.Device, i * 8, 8), data).AsTask())];
        for (int i = 0; i < 50; i++)
            Assert.Equal(default, await client.WriteAsync(healthy.Region(i * 8, 8), data).AsTask().WaitAsync(Notification.Limit));
        Assert.All(stuck, static task => Assert.False(task.IsCompleted));
        frozen.Thaw();
        foreach (Task<IoResult> task in stuck)
            Assert.Equal(default, await task.WaitAsync(Notification.Limit));
        Assert.True(client.Statistics.DeviceWaits > 0);
    }

    [Theory]
    [InlineData(IoRingKind.Automatic)]
    [InlineData(IoRingKind.Workers)]
    public void AStuckDevice_LeavesPlacesToOthers_OfAReactor(IoRingKind ring)
    {
        const int stuck = 30;
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new(new IoReactorOptions { Ring = ring, QueueDepth = 8, WorkerThreads = 4 });
        reactor.SubmitWrite(healthy.Region(0, 8), data, static (_, _) => { });
        Assert.Equal(1, reactor.Poll(1));
        for (int i = 0; i < stuck; i++)
            reactor.SubmitWrite(new IoRegion(frozen.Device, i * 8, 8), data, static (_, _) => { });
        for (int i = 0; i < 50; i++)
        {
            reactor.SubmitWrite(healthy.Region(i * 8, 8), data, static (_, _) => { });
            Assert.Equal(1, reactor.Poll(1, Notification.Limit));
        }

        Assert.Equal(stuck, reactor.UnderWay);
        frozen.Thaw();
        Assert.Equal(stuck, reactor.Poll(stuck, Notification.Limit));
        Assert.True(reactor.Statistics.DeviceWaits > 0);
    }

    [Fact]
    public async Task RequestsBehindAStuckOne_EndAtOnceWhenCancelled_AndAreNeverWritten()
    {
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(8192);
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 1, ChunkBytes = 4096 });
        using CancellationTokenSource cancel = new();
        Task<IoResult> stuck = client.WriteAsync(new IoRegion(frozen.Device, 0, 8), data).AsTask();
        Task<IoResult>[] behind =
            [.. Enumerable.Range(0, 5).Select(i => client.WriteAsync(healthy.Region(i * 16, 16), data, cancellationToken: cancel.Token).AsTask())];
        await cancel.CancelAsync();
        foreach (Task<IoResult> task in behind)
        {
            IoResult result = await task.WaitAsync(Notification.Limit);
            Assert.Equal((Errno.ECANCELED, IoFailureCause.Cancelled), (result.First.Errno, result.First.Cause));
        }

        Assert.False(stuck.IsCompleted);
        frozen.Thaw();
        Assert.Equal(default, await stuck.WaitAsync(Notification.Limit));
        healthy.AssertUntouched();
    }

    [Fact]
    public async Task TheTimeLimit_FailsTheRest_TheEndIsTheDevices()
    {
        using FrozenFile frozen = new();
        using TestDevice healthy = new();
        using IoMemory data = Pattern.Memory(8192);
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 1, ChunkBytes = 4096, RequestTimeLimit = TimeSpan.FromMilliseconds(30) });
        Task<IoResult> stuck = client.WriteAsync(new IoRegion(frozen.Device, 0, 16), data).AsTask();

        // It came later and is late itself: so is the first.
        IoResult behind = await client.WriteAsync(healthy.Region(0, 8), data).AsTask().WaitAsync(Notification.Limit);
        Assert.Equal(new IoFailure(0, 0, Errno.ETIMEDOUT, IoFailureCause.TimedOut), behind.First);
        Assert.False(stuck.IsCompleted);
        frozen.Thaw();
        IoResult result = await stuck.WaitAsync(Notification.Limit);
        Assert.Equal("0b1", result.Failed.ToString());
        Assert.Equal((Errno.ETIMEDOUT, IoFailureCause.TimedOut), (result.First.Errno, result.First.Cause));
        Assert.Equal(-1, frozen.Medium().AsSpan(4096).IndexOfAnyExcept(TestDevice.Untouched));
        healthy.AssertUntouched();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void AnInterruptedSyncWrite_ReturnsOnlyWhenTheDeviceReleasesIt(int syncRings)
    {
        using FrozenFile frozen = new();
        using IoMemory data = Pattern.Memory(8192);
        using DmIoClient client = new(new DmIoOptions { ChunkBytes = 4096, SyncRings = syncRings });
        IoResult? result = null;
        bool interruptIsKept = false;
        Thread writer = new(() =>
        {
            result = client.Write(new IoRegion(frozen.Device, 0, 16), data);

            // The interrupt was not swallowed: the next wait that allows it has it.
            interruptIsKept = Record.Exception(() => Thread.Sleep(0)) is ThreadInterruptedException;
        });
        writer.Start();
        if (syncRings == 0)
            Assert.True(SpinWait.SpinUntil(() => (writer.ThreadState & ThreadState.WaitSleepJoin) != 0, Notification.Limit));
        writer.Interrupt();
        Assert.False(writer.Join(50));
        frozen.Thaw();
        Assert.True(writer.Join(Notification.Limit));
        Assert.Equal(default(IoResult), result);
        Assert.True(interruptIsKept);
        Assert.True(frozen.Medium().AsSpan(0, 8192).SequenceEqual(data.GetSpan()));
    }

    [Fact]
    public async Task ATokenCancelledBeforehand_IsAResult_AndNothingIsWritten()
    {
        await using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        CancellationToken cancelled = new(canceled: true);
        IoRegion[] regions = [device.Region(0, 8), device.Region(8, 8)];
        IoResult written = await client.WriteAsync(regions, data, cancellationToken: cancelled);
        Assert.Equal("0b11", written.Failed.ToString());
        Assert.Equal(new IoFailure(0, 0, Errno.ECANCELED, IoFailureCause.Cancelled), written.First);
        IoResult read = await client.ReadAsync(device.Region(0, 8), data, cancellationToken: cancelled);
        Assert.Equal(IoFailureCause.Cancelled, read.First.Cause);
        Assert.Equal(-1, data.GetSpan().IndexOfAnyExcept((byte)0));
        Assert.Equal(IoFailureCause.Cancelled, (await client.DiscardAsync(regions, cancellationToken: cancelled)).First.Cause);
        Assert.Equal(IoFailureCause.Cancelled, (await client.WriteZeroesAsync(regions, cancellationToken: cancelled)).First.Cause);
        Assert.Equal(IoFailureCause.Cancelled, (await client.FlushAsync(regions, cancellationToken: cancelled)).First.Cause);
        device.AssertUntouched();
        Assert.Equal(default, await client.WriteAsync(regions, data));
    }

    [Fact]
    public async Task Cancels_ThatRaceWithTheEnd_LoseNothing()
    {
        await using DmIoClient client = new(new DmIoOptions { QueueDepth = 4, ChunkBytes = 4096 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(64 << 10);
        for (int round = 0; round < 300; round++)
        {
            using CancellationTokenSource cancel = new();
            Task<IoResult>[] tasks = [.. Enumerable.Range(0, 8).Select(i => client.WriteAsync(device.Region(i * 128, 128), data, cancellationToken: cancel.Token).AsTask())];
            if (round % 2 == 0)
                await Task.Yield();
            await cancel.CancelAsync();
            foreach (IoResult result in await Task.WhenAll(tasks).WaitAsync(Notification.Limit))
                Assert.True(result.IsSuccess || result.First.Cause == IoFailureCause.Cancelled, result.ToString());
        }

        Assert.Equal(default, await client.WriteAsync(device.Region(0, 128), data));
        device.AssertHolds(0, data.GetSpan());
    }
}
