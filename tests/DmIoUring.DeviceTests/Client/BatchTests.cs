using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Client;

/// <summary>Several requests handed over at once, by any thread to a client and by its owner to a reactor.</summary>
public sealed class BatchTests
{
    private const int Many = 32;

    public static TheoryData<bool, string, int> BadRequests
    {
        get
        {
            TheoryData<bool, string, int> data = [];
            foreach (string bad in (string[])["never made", "no region", "65 regions", "no device", "buffer too short", "negative sector", "no offset reaches it", "flags on a read", "read into read-only memory", "priority that is none"])
            {
                foreach (int place in (int[])[0, 3, 7])
                {
                    data.Add(false, bad, place);
                    data.Add(true, bad, place);
                }
            }

            return data;
        }
    }

    [Theory]
    [InlineData(1, IoRingKind.IoUring)]
    [InlineData(3, IoRingKind.IoUring)]
    [InlineData(1, IoRingKind.Workers)]
    public void AllEnd_EachWithItsOwnResultAndContext(int lanes, IoRingKind ring)
    {
        using DmIoClient client = new(new DmIoOptions { Lanes = lanes, Ring = ring, QueueDepth = 4 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(Many * 4096);
        Notification[] notifications = NewNotifications(Many);
        long beyond = device.Device.SectorCount;
        for (int round = 0; round < 5; round++)
        {
            notifications = NewNotifications(Many);
            client.Submit([.. Enumerable.Range(0, Many).Select(i => IoRequest.Write(
                device.Region(i % 4 == 3 ? beyond + i : i * 8, 8) with { BufferOffset = i * 4096 }, data, Notification.Arrived, notifications[i]))]);
            for (int i = 0; i < Many; i++)
            {
                IoFailure expected = i % 4 == 3 ? new IoFailure(0, beyond + i, Errno.EIO, IoFailureCause.BeyondEnd) : default;
                Assert.Equal(expected, notifications[i].Wait().First);
            }
        }

        client.Dispose();
        Assert.All(notifications, static notification => Assert.Equal(1, notification.Calls));
        for (int i = 0; i < Many; i++)
        {
            if (i % 4 == 3)
                device.AssertUntouched(i * 8, 8);
            else
                device.AssertHolds(i * 8, data.GetSpan().Slice(i * 4096, 4096));
        }
    }

    [Fact]
    public void ReadsAndWritesOfManyRegions_MayBeMixed_AndTheRequestsUsedAgain()
    {
        using DmIoClient client = new();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoMemory read = IoMemory.Allocate(4096);
        device.SetMedium(512, Pattern.Bytes(4096, 2));
        using CountdownEvent left = new(6);
        IoNotify notify = (result, _) =>
        {
            Assert.Equal(default, result);
            left.Signal();
        };
        IoRegion[] legs = [device.Region(0, 8), device.Region(16, 8), device.Region(32, 8)];
        IoRequest[] requests = [IoRequest.Write(legs, data, notify), IoRequest.Read(device.Region(512, 8), read, notify)];
        for (int i = 0; i < 3; i++)
            client.Submit(requests);
        Assert.True(left.Wait(Notification.Limit));
        Assert.All(legs, leg => device.AssertHolds(leg.Sector, data.GetSpan()));
        Assert.True(read.GetSpan().SequenceEqual(Pattern.Bytes(4096, 2)));
        client.Dispose();
        Assert.Equal((6, 0), (client.Statistics.Requests, client.Statistics.CallbackExceptions));
    }

    [Theory]
    [MemberData(nameof(BadRequests))]
    public void OneThatCantBeMeantSo_IsRefused_AndNoneIsSubmitted(bool toReactor, string bad, int place)
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        DmIoClient client = new();
        IoReactor reactor = new();
        Notification[] notifications = NewNotifications(8);
        IoRequest[] requests = [.. notifications.Select((notification, i) => IoRequest.Write(device.Region(i * 8, 8), data, Notification.Arrived, notification))];
        requests[place] = Bad(bad, device, data, notifications[place]);

        Assert.ThrowsAny<ArgumentException>(() => Submit(requests));

        Assert.Equal(0, reactor.UnderWay);
        client.Dispose();
        reactor.Dispose();
        Assert.All(notifications, static notification => Assert.Equal(0, notification.Calls));
        Assert.Equal((0, 0), (client.Statistics.Requests, reactor.Statistics.Requests));
        device.AssertUntouched();

        void Submit(IoRequest[] all)
        {
            if (toReactor)
                reactor.Submit(all);
            else
                client.Submit(all);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADisposedDeviceAmongThem_RefusesAll_AndFreesTheOthers(bool inACallback)
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using TestDevice gone = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new();
        Notification[] notifications = NewNotifications(8);
        gone.Device.Dispose();
        using (BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options))
        {
            IoRequest[] requests = [.. notifications.Select((notification, i) => IoRequest.Write(
                new IoRegion(i == 5 ? gone.Device : device, i * 8, 8), data, Notification.Arrived, notification))];
            Assert.IsType<ObjectDisposedException>(Submit(client, device, requests, inACallback));
        }

        ExclusiveClaim.AssertGetsFree(loop.Path);
        Notification next = new();
        using TestDevice other = new(DeviceKind.File);
        client.Submit([IoRequest.Write(other.Region(0, 8), data, Notification.Arrived, next)]);
        Assert.Equal(default, next.Wait());
        client.Dispose();
        Assert.All(notifications, static notification => Assert.Equal(0, notification.Calls));
        Assert.Equal(0, client.Statistics.CallbackExceptions);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(5, false)]
    [InlineData(1, true)]
    [InlineData(5, true)]
    public void MoreThanTheReserve_AllEnd(int reserve, bool inACallback)
    {
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 2 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(reserve);
        for (int round = 0; round < 3; round++)
        {
            Notification[] notifications = NewNotifications(100);
            IoRequest[] requests = [.. notifications.Select((notification, i) => IoRequest.Write(device.Region(i * 8, 8), data, Notification.Arrived, notification))];
            Assert.Null(Submit(client, device.Device, requests, inACallback));
            Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
        }

        Assert.Equal(inACallback, client.Statistics.Overdrafts > 0);
        for (int i = 0; i < 100; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public void ManyThreads_WithBatchesLargerThanTheReserve_ServeEachOther()
    {
        using DmIoClient client = new(new DmIoOptions { Lanes = 2, QueueDepth = 8 });
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(3);
        using CountdownEvent left = new(4 * 20 * 16);
        IoRequest request = IoRequest.Write(device.Region(0, 8), data, (_, _) => left.Signal());
        IoRequest[] batch = [.. Enumerable.Repeat(request, 16)];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 20; i++)
                client.Submit(batch);
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Assert.All(threads, static thread => Assert.True(thread.Join(Notification.Limit)));
        Assert.True(left.Wait(Notification.Limit));
    }

    [Fact]
    public void ABatch_WakesASleepingLaneOnce_AndABusyOneNever()
    {
        using DmIoClient client = new();
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        for (int round = 0; round < 50; round++)
        {
            long before = client.Statistics.WakeUps;
            Notification[] notifications = NewNotifications(Many);
            client.Submit([.. notifications.Select(notification => IoRequest.Read(device.Region(0, 8), data, Notification.Arrived, notification))]);
            Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
            Assert.InRange(client.Statistics.WakeUps - before, 0, 1);
        }

        Notification[] behind = NewNotifications(Many);
        using (HeldLane lane = new(client, device.Region(0, 8), data))
        {
            long before = client.Statistics.WakeUps;
            client.Submit([.. behind.Select(notification => IoRequest.Read(device.Region(0, 8), data, Notification.Arrived, notification))]);
            Assert.Equal(before, client.Statistics.WakeUps);
        }

        Assert.All(behind, static notification => Assert.Equal(default, notification.Wait()));
    }

    [Fact]
    public void None_IsFine_AndAfterDisposeEverythingIsRefused()
    {
        using TestDevice device = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        DmIoClient client = new();
        using IoReactor reactor = new();
        client.Submit([]);
        reactor.Submit([]);
        Assert.Equal(0, reactor.Poll(1));
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.Submit([]));
        Assert.Throws<ObjectDisposedException>(() => client.Submit([IoRequest.Write(device.Region(0, 8), data, Notification.Arrived)]));
        device.AssertUntouched();
    }

    [Fact]
    public void StableCopies_AreMadeBeforeItReturns_FreedWhenRefused()
    {
        using TestDevice device = new(DeviceKind.File);
        using TestDevice gone = new(DeviceKind.File);
        using DmIoClient client = new();
        using IoMemory data = Pattern.Memory(4096);
        using PageReservation reservation = client.Reserve(8);
        Notification[] notifications = NewNotifications(4);
        IoRequest[] requests = [.. notifications.Select((notification, i) => IoRequest.Write(device.Region(i * 8, 8), data, Notification.Arrived, notification, IoFlags.StableCopy))];
        client.Submit(requests);
        data.GetSpan().Clear();
        Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
        for (int i = 0; i < 4; i++)
            device.AssertHolds(i * 8, Pattern.Bytes(4096));

        gone.Device.Dispose();
        requests[3] = IoRequest.Write(gone.Region(0, 8), data, Notification.Arrived, new Notification(), IoFlags.StableCopy);
        Assert.Throws<ObjectDisposedException>(() => client.Submit(requests));
        Assert.Equal(8, client.Pages.FreePages);
        client.Dispose();
        Assert.All(notifications, static notification => Assert.Equal(1, notification.Calls));
    }

    [Fact]
    public void ToAReactor_TheyGoByOneCall_WithWhateverElseWasSubmitted()
    {
        Require.KernelRing();
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        Notification[] notifications = NewNotifications(Many);
        IoRequest[] requests = [.. notifications.Select((notification, i) => IoRequest.Write(device.Region(i * 8, 8), data, Notification.Arrived, notification))];
        reactor.Submit(requests.AsSpan(0, 16));
        reactor.SubmitRead(device.Region(1024, 8), IoMemory.Allocate(4096), static (_, _) => { });
        reactor.Submit(requests.AsSpan(16));
        Assert.Equal((Many + 1, 0), (reactor.UnderWay, reactor.Statistics.Enters));
        int early = reactor.Poll();
        Assert.Equal((1, Many + 1), (reactor.Statistics.Enters, reactor.Statistics.Entries));
        Assert.Equal(Many + 1 - early, reactor.Poll(Many + 1));
        Assert.All(notifications, static notification => Assert.Equal((1, default), (notification.Calls, notification.Wait())));
        for (int i = 0; i < Many; i++)
            device.AssertHolds(i * 8, data.GetSpan());
    }

    [Fact]
    public void ToAReactor_ADisposedDevice_IsRefused_AndNoneIsSubmitted()
    {
        using TestDevice device = new(DeviceKind.File);
        using TestDevice gone = new(DeviceKind.File);
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        gone.Device.Dispose();
        Notification[] notifications = NewNotifications(4);
        IoRequest[] requests = [.. notifications.Select((notification, i) => IoRequest.Write((i == 2 ? gone : device).Region(i * 8, 8), data, Notification.Arrived, notification))];
        Assert.Throws<ObjectDisposedException>(() => reactor.Submit(requests));
        Assert.Equal((0, 0), (reactor.UnderWay, reactor.Poll(4)));
        Assert.Equal([0, 0, 0, 0], notifications.Select(static notification => notification.Calls));
        device.AssertUntouched();
    }

    /// <summary>From this thread, or from a callback of the client's; what it threw.</summary>
    private static Exception? Submit(DmIoClient client, BlockDevice device, IoRequest[] requests, bool inACallback)
    {
        if (!inACallback)
            return Record.Exception(() => client.Submit(requests));
        TaskCompletionSource<Exception?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.SubmitRead(new IoRegion(device, 0, 0), default, (_, _) => done.SetResult(Record.Exception(() => client.Submit(requests))));
        Assert.True(done.Task.Wait(Notification.Limit));
        return done.Task.Result;
    }

    private static Notification[] NewNotifications(int count) => [.. Enumerable.Range(0, count).Select(static _ => new Notification())];

    private static IoRequest Bad(string bad, TestDevice device, IoMemory data, Notification notification)
    {
        IoRegion region = device.Region(0, 8);
        return bad switch
        {
            "never made" => default,
            "no region" => IoRequest.Write(ReadOnlyMemory<IoRegion>.Empty, data, Notification.Arrived, notification),
            "65 regions" => IoRequest.Write(Enumerable.Repeat(region, 65).ToArray(), data, Notification.Arrived, notification),
            "no device" => IoRequest.Write(default(IoRegion), data, Notification.Arrived, notification),
            "buffer too short" => IoRequest.Write(device.Region(0, 9), data, Notification.Arrived, notification),
            "negative sector" => IoRequest.Read(device.Region(-8, 8), data, Notification.Arrived, notification),
            "no offset reaches it" => IoRequest.Read(device.Region(long.MaxValue, 8), data, Notification.Arrived, notification),
            "flags on a read" => IoRequest.Read(region, data, Notification.Arrived, notification, IoFlags.Fua),
            "read into read-only memory" => IoRequest.Read(region, (ReadOnlyMemory<byte>)new byte[4096], Notification.Arrived, notification),
            _ => IoRequest.Read(region, data, Notification.Arrived, notification, new IoRequestOptions(Priority: new IoPriority(IoPriorityClass.BestEffort, 9))),
        };
    }
}
