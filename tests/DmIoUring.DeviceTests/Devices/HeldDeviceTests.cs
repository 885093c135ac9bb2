using DmIoUring.DeviceTests.Client;
using DmIoUring.DeviceTests.Reactor;
using DmIoUring.DeviceTests.Rings;
using DmIoUring.Drivers;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Devices;

/// <summary>Devices that lanes and reactors hold open from one request to the next, known to their rings or not.</summary>
/// <remarks>No test runs beside these: one that starts a process would give that a copy of every descriptor, until its exec.</remarks>
[Collection(AloneCollection.Name)]
public sealed class HeldDeviceTests
{
    /// <summary>Dispose waits 100 ms for a lane. On a machine that is busy elsewhere one may take longer now and then: a tenth of the rounds.</summary>
    private const int RoundsForOneLate = 10;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DisposedInFlight_ItClosesWhenTheRequestHasEnded(bool fixedFiles)
    {
        using DmIoClient client = new(new DmIoOptions { FixedFiles = fixedFiles });
        using FaultDevice medium = new();
        using IoMemory data = Pattern.Memory(4096);
        Notification notification = new();
        using (Fault held = medium.File.Hold(MediumOperations.Write))
        {
            BlockDevice device = BlockDevice.Open(medium.Path, ExclusiveClaim.Options);
            client.SubmitWrite(new IoRegion(device, 0, 8), data, Notification.Arrived, notification);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            device.Dispose();
            Assert.Throws<ObjectDisposedException>(() => client.SubmitWrite(new IoRegion(device, 0, 8), data, Notification.Arrived));
            Assert.Throws<IOException>(() => BlockDevice.Open(medium.Path, ExclusiveClaim.Options));
        }

        Assert.Equal(default, notification.Wait());
        medium.AssertHolds(0, data.GetSpan());
        ExclusiveClaim.AssertGetsFree(medium.Path);
    }

    /// <summary>6.1 keeps a removed file for a second, kernels up to 6.12 until entries on other files have ended: rings are not told of devices there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhereRingsKeepFiles_DescriptorsAreUsed_AndDevicesAreFreed(bool reactor)
    {
        using KeepingCalls kernel = new();
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using IoMemory data = Pattern.Memory(4096);
        using ClientUnderTest client = new(reactor ? CallWay.Reactor : CallWay.Callback, options: null, new KernelRingSource(kernel));
        int kept = kernel.Kept;
        int late = 0;
        for (int i = 0; i < RoundsForOneLate; i++)
        {
            using (BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options))
                Assert.Equal(default, client.Write(new IoRegion(device, 0, 8), data));

            // A reactor lets go when it polls next.
            if (reactor)
                ExclusiveClaim.AssertGetsFree(loop.Path);
            late += ExclusiveClaim.IsFree(loop.Path) ? 0 : 1;
            ExclusiveClaim.AssertGetsFree(loop.Path);
        }

        Assert.InRange(late, 0, 1);
        Assert.Equal(kept, kernel.Kept);
        Assert.False(client.DeviceRegistration.IsAvailable);
        Assert.Contains("EBUSY", client.DeviceRegistration.Reason, StringComparison.Ordinal);
    }

    /// <summary>Whatever this kernel is like: nothing on another device of the lane keeps one open.</summary>
    [Fact]
    public void ADisposedDevice_IsFreeAtOnce_ThoughAnotherOfTheLaneIsStuck()
    {
        using DmIoClient client = new();
        using FaultDevice medium = new();
        using BlockDevice stuck = BlockDevice.Open(medium.Path);
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using IoMemory data = Pattern.Memory(4096);
        Notification last = new();
        int late = 0;
        using (Fault held = medium.File.Hold(MediumOperations.Write))
        {
            client.SubmitWrite(new IoRegion(stuck, 0, 8), data, Notification.Arrived, last);
            Assert.True(held.WaitForHits(1, Notification.Limit));
            for (int i = 0; i < 2 * RoundsForOneLate; i++)
            {
                Notification notification = new();
                BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options);
                client.SubmitWrite(new IoRegion(device, 0, 8), data, Notification.Arrived, notification);
                Assert.Equal(default, notification.Wait());
                device.Dispose();
                late += ExclusiveClaim.IsFree(loop.Path) ? 0 : 1;
                ExclusiveClaim.AssertGetsFree(loop.Path);
            }
        }

        Assert.InRange(late, 0, 2);
        Assert.Equal(default, last.Wait());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DisposedInFlightOnAReactor_ItClosesInThePollAfterTheEnd(bool fixedFiles)
    {
        using IoReactor reactor = new(new IoReactorOptions { FixedFiles = fixedFiles });
        using FaultDevice medium = new();
        using IoMemory data = Pattern.Memory(4096);
        EndedRequests ended = new();
        using (Fault held = medium.File.Hold(MediumOperations.Write))
        {
            BlockDevice device = BlockDevice.Open(medium.Path, ExclusiveClaim.Options);
            reactor.SubmitWrite(new IoRegion(device, 0, 8), data, ended.Notify);
            Assert.Equal(0, reactor.Poll());
            Assert.True(held.WaitForHits(1, Notification.Limit));
            device.Dispose();
            Assert.Equal(0, reactor.Poll());
            Assert.Throws<IOException>(() => BlockDevice.Open(medium.Path, ExclusiveClaim.Options));
        }

        Assert.Equal(1, reactor.Poll(1));
        ended.AssertAllWell(1);
        reactor.Poll();
        BlockDevice.Open(medium.Path, ExclusiveClaim.Options).Dispose();
    }

    /// <summary>Idle devices are closed when Dispose returns, whoever has used them.</summary>
    [Theory]
    [InlineData(IoRingKind.IoUring, true)]
    [InlineData(IoRingKind.IoUring, false)]
    [InlineData(IoRingKind.Workers, true)]
    public void DisposedWithNothingInFlight_ItIsClosedAtOnce(IoRingKind ring, bool fixedFiles)
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient first = new(new DmIoOptions { Ring = ring, FixedFiles = fixedFiles, Lanes = 3 });
        using DmIoClient second = new(new DmIoOptions { Ring = ring, FixedFiles = fixedFiles });
        using IoReactor reactor = new(new IoReactorOptions { Ring = ring, FixedFiles = fixedFiles });
        EndedRequests ended = new();
        int late = 0;
        for (int round = 0; round < 50; round++)
        {
            BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options);
            IoRegion region = new(device, round * 8, 8);
            Notification[] notifications = [.. Enumerable.Range(0, 6).Select(static _ => new Notification())];
            foreach (Notification notification in notifications)
                first.SubmitWrite(region, data, Notification.Arrived, notification);
            Assert.Equal(default, second.WriteAsync(region, data).AsTask().GetAwaiter().GetResult());
            Assert.Equal(default, second.Write(region, data));
            reactor.SubmitWrite(region, data, ended.Notify);
            Assert.Equal(1, reactor.Poll(1));
            Assert.All(notifications, static notification => Assert.Equal(default, notification.Wait()));
            device.Dispose();
            late += ExclusiveClaim.IsFree(loop.Path) ? 0 : 1;
            ExclusiveClaim.AssertGetsFree(loop.Path);
        }

        ended.AssertAllWell(50);
        Assert.InRange(late, 0, 50 / RoundsForOneLate);
    }

    [Fact]
    public void DisposedInACallback_ItIsClosedSoonAfterwards()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new();
        BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options);
        TaskCompletionSource<Exception?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.SubmitWrite(new IoRegion(device, 0, 8), data, (_, _) => done.SetResult(Record.Exception(device.Dispose)));
        Assert.True(done.Task.Wait(Notification.Limit));
        Assert.Null(done.Task.Result);
        ExclusiveClaim.AssertGetsFree(loop.Path);
    }

    [Fact]
    public void ADeviceHeldByAnothersReactor_ClosesInItsNextPoll()
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using IoMemory data = Pattern.Memory(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options);
        reactor.SubmitWrite(new IoRegion(device, 0, 8), data, ended.Notify);
        Assert.Equal(1, reactor.Poll(1));
        Thread other = new(device.Dispose);
        other.Start();
        Assert.True(other.Join(Notification.Limit));
        Assert.False(ExclusiveClaim.IsFree(loop.Path));
        Assert.Equal(0, reactor.Poll());
        BlockDevice.Open(loop.Path, ExclusiveClaim.Options).Dispose();
    }

    [Fact]
    public void DevicesDisposedByManyThreadsAtOnce_AreAllClosedAtOnce()
    {
        const int threads = 4;
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new();
        Exception?[] failures = new Exception?[threads];
        Thread[] all = [.. Enumerable.Range(0, threads).Select(index => new Thread(() => failures[index] = Record.Exception(() =>
        {
            using ScratchFile file = ScratchFile.Create(4096, "/dev/shm");
            int late = 0;
            for (int round = 0; round < 200; round++)
            {
                using (BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false }))
                    Assert.Equal(default, client.WriteAsync(new IoRegion(device, 0, 8), data).AsTask().GetAwaiter().GetResult());
                late += OpenDescriptors.Of(file.Path);
            }

            Assert.InRange(late, 0, 200 / RoundsForOneLate);
        })))];
        Array.ForEach(all, static thread => thread.Start());
        Assert.All(all, static thread => Assert.True(thread.Join(Notification.Limit)));
        Assert.All(failures, Assert.Null);
    }

    /// <summary>The descriptor's number, and the slot in the ring, is the next device's right away.</summary>
    [Theory]
    [InlineData(CallWay.Callback, 1)]
    [InlineData(CallWay.NestedCallback, 1)]
    [InlineData(CallWay.Reactor, 1)]
    [InlineData(CallWay.Reactor, 3)]
    public void ANumberThatIsUsedAgain_NeverLeadsToTheDeviceBefore(CallWay way, int atOnce)
    {
        const int devices = 5;
        ScratchFile[] files = [.. Enumerable.Range(0, devices).Select(static _ => ScratchFile.Create(1 << 20, "/dev/shm"))];
        byte[][] media = [.. files.Select(static _ => new byte[1 << 20])];
        BlockDeviceOptions buffered = new() { Direct = false };
        using (ClientUnderTest client = new(way))
        {
            using IoMemory data = IoMemory.Allocate(4096);
            for (int round = 0; round < 256; round++)
            {
                BlockDevice[] open = [.. Enumerable.Range(0, atOnce).Select(i => BlockDevice.Open(files[(round + i) % devices].Path, buffered))];
                for (int i = 0; i < atOnce; i++)
                {
                    byte[] medium = media[(round + i) % devices];
                    Pattern.Bytes(4096, (round * 8) + i).CopyTo(data.GetSpan());
                    data.GetSpan().CopyTo(medium.AsSpan(round * 4096));
                    Assert.Equal(default, client.Write(new IoRegion(open[i], round * 8, 8), data));
                    Assert.Equal(default, client.Read(new IoRegion(open[i], round / 2 * 8, 8), data));
                    Assert.True(data.GetSpan().SequenceEqual(medium.AsSpan(round / 2 * 4096, 4096)));
                }

                Array.ForEach(open, static device => device.Dispose());
            }
        }

        for (int i = 0; i < devices; i++)
        {
            Assert.True(File.ReadAllBytes(files[i].Path).AsSpan().SequenceEqual(media[i]));
            files[i].Dispose();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public unsafe void MoreDevicesThanARingKnows_EachGetTheirOwnBytes(bool onReactor)
    {
        const int count = 300;
        using DmIoClient client = new(new DmIoOptions { QueueDepth = 512 });
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = 512 });
        ScratchFile[] files = [.. Enumerable.Range(0, count).Select(static _ => ScratchFile.Create(8192, "/dev/shm"))];
        BlockDevice[] devices = [.. files.Select(static file => BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false }))];
        using IoMemory data = Pattern.Memory(count * 4096);
        using CountdownEvent left = new(4 * count);
        IoNotify notify = (result, _) =>
        {
            Assert.Equal(default, result);
            left.Signal();
        };

        // All at once, then the other way round: the first have lost their places to the last.
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < count; i++)
            {
                int index = round % 2 == 0 ? i : count - 1 - i;
                IoRegion region = new(devices[index], round / 2 * 8, 8, index * 4096L);
                IoBuffer buffer = IoBuffer.Contiguous(data.Pointer, data.Length);
                if (onReactor)
                    reactor.SubmitWrite(region, buffer, notify);
                else
                    client.SubmitWrite(region, buffer, notify);
            }

            if (onReactor)
                Assert.Equal(count, reactor.Poll(count));
        }

        Assert.True(left.Wait(Notification.Limit));
        Array.ForEach(devices, static device => device.Dispose());
        for (int i = 0; i < count; i++)
        {
            byte[] medium = File.ReadAllBytes(files[i].Path);
            Assert.True(medium.AsSpan(0, 4096).SequenceEqual(data.GetSpan().Slice(i * 4096, 4096)));
            Assert.True(medium.AsSpan(4096).SequenceEqual(data.GetSpan().Slice(i * 4096, 4096)));
            files[i].Dispose();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhetherRingsKnowDevicesAndPages_IsAskedFor_AndTold(bool isFixed)
    {
        Require.KernelRing();
        using TestDevice device = new(DeviceKind.File);
        using DmIoClient client = new(new DmIoOptions { FixedFiles = isFixed, FixedBuffers = isFixed });
        using IoReactor reactor = new(new IoReactorOptions { FixedFiles = isFixed, FixedBuffers = isFixed });
        EndedRequests ended = new();
        using (client.Reserve(2))
        using (reactor.Reserve(2))
        {
            using PageList ofClient = client.Pages.RentPages(2);
            using PageList ofReactor = reactor.Pages.RentPages(2);
            ofClient[1].Fill(1);
            ofReactor[1].Fill(2);
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(default, client.WriteAsync(device.Region(0, 16), ofClient).AsTask().GetAwaiter().GetResult());
                reactor.SubmitWrite(device.Region(16, 16), ofReactor, ended.Notify);
                Assert.Equal(1, reactor.Poll(1));
            }
        }

        ended.AssertAllWell(3);
        Assert.Equal((1, 2), (device.Medium(8, 1)[0], device.Medium(24, 1)[0]));
        Assert.All(
            (IoFeature[])[client.DeviceRegistration, client.PageRegistration, reactor.DeviceRegistration, reactor.PageRegistration],
            feature => Assert.Equal((isFixed && !KeepsFiles(feature), isFixed), (feature.IsAvailable, !feature.Reason.Contains("not asked for", StringComparison.Ordinal))));
    }

    /// <summary>Whether this kernel is one whose rings keep removed files, which its rings were asked for.</summary>
    private static bool KeepsFiles(IoFeature feature) => feature.Reason.Contains("EBUSY", StringComparison.Ordinal);

    [Fact]
    public void SubmittersThatRaceWithDispose_AreServedOrRefused()
    {
        using ScratchFile file = ScratchFile.Create(1 << 20, "/dev/shm");
        using IoMemory memory = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { Lanes = 2 });
        for (int round = 0; round < 50; round++)
        {
            BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
            int taken = 0;
            int called = 0;
            int refused = 0;
            int failed = 0;
            IoNotify notify = (result, _) =>
            {
                if (!result.IsSuccess)
                    Interlocked.Increment(ref failed);
                Interlocked.Increment(ref called);
            };
            Thread[] submitters = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                try
                {
                    while (true)
                    {
                        client.SubmitRead(new IoRegion(device, 0, 8), memory, notify);
                        if (Interlocked.Increment(ref taken) > 3000)
                            Thread.Yield();
                    }
                }
                catch (ObjectDisposedException)
                {
                    Interlocked.Increment(ref refused);
                }
            }))];
            Array.ForEach(submitters, static submitter => submitter.Start());
            while (Volatile.Read(ref taken) < 10)
                Thread.Yield();
            device.Dispose();
            Assert.All(submitters, static submitter => Assert.True(submitter.Join(Notification.Limit)));
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref called) == taken, Notification.Limit));
            Assert.Equal((2, 0), (refused, failed));
            Assert.True(SpinWait.SpinUntil(() => OpenDescriptors.Of(file.Path) == 0, Notification.Limit));
        }
    }

    /// <summary>A thread that owns a reactor, or has owned one, waits for lanes like any other.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OnAReactorsThread_ADeviceThatALaneHasUsed_IsClosedAtOnceToo(bool stillOwns)
    {
        using LoopDevice loop = RequireLoop.Create(1 << 20);
        using IoMemory memory = IoMemory.Allocate(4096);
        using DmIoClient client = new();
        using IoReactor reactor = new();
        reactor.Poll();
        if (!stillOwns)
            reactor.Dispose();
        int late = 0;
        for (int round = 0; round < 100; round++)
        {
            using (BlockDevice device = BlockDevice.Open(loop.Path, ExclusiveClaim.Options))
            {
                Notification notification = new();
                client.SubmitRead(new IoRegion(device, 0, 8), memory, Notification.Arrived, notification);
                Assert.Equal(default, notification.Wait());
            }

            late += ExclusiveClaim.IsFree(loop.Path) ? 0 : 1;
            ExclusiveClaim.AssertGetsFree(loop.Path);
        }

        Assert.InRange(late, 0, 100 / RoundsForOneLate);
    }

    [Fact]
    public void ACallersOwnHandle_IsNotHeld()
    {
        using ScratchFile file = ScratchFile.Create(1 << 20, "/dev/shm");
        using IoMemory memory = IoMemory.Allocate(4096);
        using IoReactor reactor = new();
        EndedRequests ended = new();
        using (var handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.ReadWrite))
        using (BlockDevice device = BlockDevice.FromHandle(handle))
        {
            for (int i = 0; i < 3; i++)
            {
                reactor.SubmitRead(new IoRegion(device, 0, 8), memory, ended.Notify);
                Assert.Equal(1, reactor.Poll(1));
            }

            handle.Dispose();
            Assert.Equal(0, OpenDescriptors.Of(file.Path));
            Assert.Throws<ObjectDisposedException>(() => reactor.SubmitRead(new IoRegion(device, 0, 8), memory, ended.Notify));
        }

        ended.AssertAllWell(3);
    }
}
