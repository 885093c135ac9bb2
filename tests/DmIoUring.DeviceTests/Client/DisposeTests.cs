using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>The end of clients and devices with I/O under way.</summary>
public sealed class DisposeTests
{
    [Theory]
    [InlineData(1, 256)]
    [InlineData(1, 4)]
    [InlineData(3, 16)]
    public void Dispose_ReturnsWhenEveryCallbackHasRun(int lanes, int depth)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        DmIoClient client = new(new DmIoOptions { Lanes = lanes, QueueDepth = depth });
        Notification[] notifications = [.. Enumerable.Range(0, 256).Select(_ => new Notification())];
        for (int i = 0; i < notifications.Length; i++)
            client.SubmitWrite(device.Region(i * 8, 8), data, Notification.Arrived, notifications[i]);
        client.Dispose();
        Assert.All(notifications, notification => Assert.Equal(1, notification.Calls));
        Assert.All(notifications, notification => Assert.Equal(default, notification.Wait()));
        for (int i = 0; i < notifications.Length; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public void Dispose_WaitsForACallbackThatStillRuns()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim leave = new();
        bool left = false;
        DmIoClient client = new();
        client.SubmitRead(device.Region(0, 8), memory, (_, _) =>
        {
            entered.Set();
            leave.Wait(Notification.Limit);
            left = true;
        });
        Assert.True(entered.Wait(Notification.Limit));
        Task disposing = Task.Run(client.Dispose);
        Assert.False(disposing.Wait(TimeSpan.FromMilliseconds(100)));
        leave.Set();
        Assert.True(disposing.Wait(Notification.Limit));
        Assert.True(left);
    }

    [Fact]
    public void Dispose_Twice_AndFromManyThreads_IsFine()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        DmIoClient client = new(new DmIoOptions { Lanes = 2 });
        client.Read(device.Region(0, 8), memory);
        Task[] all = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(client.Dispose))];
        Assert.True(Task.WaitAll(all, Notification.Limit));
        client.Dispose();
    }

    [Fact]
    public async Task DisposeAsync_CompletesWhenEveryCallbackHasRun_AndTwiceIsFine()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        DmIoClient client = new(new DmIoOptions { QueueDepth = 4 });
        Notification[] notifications = [.. Enumerable.Range(0, 100).Select(_ => new Notification())];
        for (int i = 0; i < notifications.Length; i++)
            client.SubmitWrite(device.Region(i * 8, 8), data, Notification.Arrived, notifications[i]);
        await client.DisposeAsync().AsTask().WaitAsync(Notification.Limit);
        Assert.All(notifications, notification => Assert.Equal(1, notification.Calls));
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.ReadAsync(device.Region(0, 8), data));
    }

    [Fact]
    public async Task DisposeAsync_AfterAnAwaitOnTheLaneItself_DoesNotHang()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        DmIoClient client = new(new DmIoOptions { InlineContinuations = true });
        await Task.Run(async () =>
        {
            await client.ReadAsync(device.Region(0, 8), memory);
            await client.DisposeAsync();
        }).WaitAsync(Notification.Limit);
    }

    [Fact]
    public void SubmittersThatRaceWithDispose_AreEitherServedOrRefused()
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        for (int round = 0; round < 30; round++)
        {
            DmIoClient client = new();
            int taken = 0;
            int called = 0;
            int refused = 0;
            Thread[] submitters = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                try
                {
                    while (true)
                    {
                        client.SubmitRead(device.Region(0, 8), memory, (_, _) => Interlocked.Increment(ref called));
                        if (Interlocked.Increment(ref taken) > 3000)
                            Thread.Yield();
                    }
                }
                catch (ObjectDisposedException)
                {
                    Interlocked.Increment(ref refused);
                }
            }))];
            foreach (Thread submitter in submitters)
                submitter.Start();
            while (Volatile.Read(ref taken) < 10)
                Thread.Yield();
            client.Dispose();
            Assert.All(submitters, submitter => Assert.True(submitter.Join(Notification.Limit)));
            Assert.Equal(3, refused);
            Assert.Equal(taken, Volatile.Read(ref called));
        }
    }

    [Theory]
    [MemberData(nameof(Ways.All), MemberType = typeof(Ways))]
    public void RequestsThatRaceWithDispose_AreServedOrRefused_AndNeverLost(CallWay way)
    {
        using TestDevice device = new();
        using IoMemory memory = IoMemory.Allocate(256 << 10);
        for (int round = 0; round < 20; round++)
        {
            ClientUnderTest client = new(way, new DmIoOptions { ChunkBytes = 64 << 10 });
            using ManualResetEventSlim underWay = new();
            Exception? end = null;
            Thread thread = new(() => end = Record.Exception(ReadForever));
            thread.Start();
            Assert.True(underWay.Wait(Notification.Limit));
            client.End();
            Assert.True(thread.Join(Notification.Limit));
            Assert.IsType<ObjectDisposedException>(end);
            client.Dispose();

            void ReadForever()
            {
                while (true)
                {
                    Assert.Equal(default, client.Read(device.Region(0, 512), memory));
                    underWay.Set();
                }
            }
        }
    }

    [Theory]
    [InlineData(IoRingKind.IoUring)]
    [InlineData(IoRingKind.Workers)]
    public void TheLastRequest_MayEndWithoutTheKernel_WhenTheClientIsClosed(IoRingKind ring)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        DmIoClient client = new(new DmIoOptions { Ring = ring, DisposeTimeLimit = Timeout.InfiniteTimeSpan });
        using HeldLane held = new(client, device.Region(0, 8), data);
        Notification empty = new();
        client.SubmitRead(new IoRegion(device.Device, 0, 0), data, Notification.Arrived, empty);
        Task disposed = Task.Run(client.Dispose);
        Assert.True(SpinWait.SpinUntil(IsRefused, Notification.Limit));

        // The lane is told right after that; should it be later than this, it has no hard time.
        Thread.Sleep(50);
        held.Release();
        Assert.Equal(default, empty.Wait());
        Assert.True(disposed.Wait(Notification.Limit), "The lane sleeps although it is done.");

        bool IsRefused() => Record.Exception(() => client.SubmitRead(new IoRegion(device.Device, 0, 0), data, static (_, _) => { })) is ObjectDisposedException;
    }

    [Fact]
    public void ADeviceDisposedWithRequestsUnderWay_ClosesAfterTheLast()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 4 });
        Notification[] notifications = [.. Enumerable.Range(0, 256).Select(_ => new Notification())];
        for (int i = 0; i < notifications.Length; i++)
            client.SubmitWrite(device.Region(i * 8, 8), data, Notification.Arrived, notifications[i]);
        device.Device.Dispose();
        Assert.All(notifications, notification => Assert.Equal(default, notification.Wait()));
        for (int i = 0; i < notifications.Length; i++)
            device.AssertHolds(i * 8, data.GetSpan());
        Assert.Throws<ObjectDisposedException>(() => client.Read(device.Region(0, 8), data));
    }

    [Fact]
    public void AClientThatNeverDidAnything_EndsAtOnce()
    {
        for (int i = 0; i < 20; i++)
        {
            using DmIoClient client = new(new DmIoOptions { Lanes = 3 });
        }
    }
}
