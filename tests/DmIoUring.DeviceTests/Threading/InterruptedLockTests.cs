using System.Diagnostics.Metrics;
using System.Reflection;
using DmIoUring.Devices;
using DmIoUring.DeviceTests.Client;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Telemetry;
using DmIoUring.TestSupport;
using DmIoUring.Threading;

namespace DmIoUring.DeviceTests.Threading;

/// <summary>An interrupt of a thread that waits for any of the library's locks: what it was doing is done, nothing is lost, the interrupt is kept.</summary>
public sealed class InterruptedLockTests
{
    /// <summary>The locks that the rows below are about, as declaring type and field.</summary>
    private static readonly string[] Covered =
    [
        "BlockDevice._holdersLock", "DeviceCounterSet._lock", "DeviceDurability.SharedLock", "DeviceDurability._lock", "IoReactor._postLock", "MeteredDevices._lock",
        "PageMemoryPool._lock", "PagePool._growing", "PagePool._lock",
        "RequestPool._lock", "SyncRings._lock", "WorkerPool._gate",
    ];

    public static TheoryData<string> PagePoolCalls => [.. PagePoolRows.Keys];

    public static TheoryData<string> RequestPoolCalls => [.. RequestPoolRows.Keys];

    private static Dictionary<string, Action<PagePool, PageList, PageReservation>> PagePoolRows { get; } = new(StringComparer.Ordinal)
    {
        ["Counters"] = static (pool, _, _) => Assert.Equal(1, pool.Counters.Rented),
        ["Features"] = static (pool, _, _) => Assert.Empty(pool.Features),
        ["LongestRun"] = static (pool, _, _) => Assert.Equal(4, pool.LongestRun),
        ["Reserve"] = static (pool, _, _) => pool.Reserve(2).Dispose(),
        ["Reserve that maps"] = static (pool, _, _) => pool.Reserve(2000).Dispose(),
        ["ReserveAsync"] = static (pool, _, _) =>
        {
            // To block on the task would be a wait of the test's own, which an interrupt ends.
            Task<PageReservation> reserving = pool.ReserveAsync(2, null, CancellationToken.None).AsTask();
            while (!reserving.IsCompleted)
                Thread.Yield();
            reserving.Result.Dispose();
        },
        ["Rent"] = static (pool, _, _) => pool.Rent(2).Dispose(),
        ["Rent adjacent"] = static (pool, _, _) => pool.Rent(2, contiguous: true).Dispose(),
        ["RentUninterrupted"] = static (pool, _, _) => pool.RentUninterrupted(2).Dispose(),
        ["TryRent"] = static (pool, _, _) =>
        {
            Assert.True(pool.TryRent(2, out PageList list));
            list.Dispose();
        },
        ["RentAsync"] = static (pool, _, _) => Renter.Of(pool, 2).Take().Dispose(),
        ["Return"] = static (_, list, _) => list.Dispose(),
        ["Give a reservation back"] = static (_, _, reservation) => reservation.Dispose(),
        ["ShareRegistrations"] = static (pool, _, _) =>
        {
            pool.ShareRegistrations(new ScriptedBufferTable());
            Assert.NotNull(pool.Registry);
        },
        ["RenewVersion"] = static (pool, _, _) =>
        {
            int before = pool.Version;
            pool.RenewVersion();
            Assert.Equal(before + 1, pool.Version);
        },
        ["CheckNotDisposed"] = static (pool, _, _) => pool.CheckNotDisposed(),
        ["Dispose"] = static (pool, _, _) => pool.Dispose(),
    };

    private static Dictionary<string, Action<RequestPool, Request, Request>> RequestPoolRows { get; } = new(StringComparer.Ordinal)
    {
        ["Return of one too many"] = static (pool, _, extra) => pool.Return(extra),
        ["Overdraft"] = static (pool, _, _) => pool.Return(pool.Take(mayWait: false)),
        ["Reserve"] = static (pool, _, _) => pool.Reserve(3),
        ["RollBack"] = static (pool, _, _) =>
        {
            pool.Prepare(3);
            pool.RollBack(3);
        },
        ["Give a reservation back"] = static (pool, first, extra) =>
        {
            pool.Unreserve(1);
            pool.Reserve(1);
        },
        ["Left"] = static (pool, _, _) => Assert.Equal(RequestStack.MaxRequests - 1, pool.Left),
    };

    [Fact]
    public void EveryLock_HasARow()
    {
        const BindingFlags declared = BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        Type[] kinds = [typeof(UninterruptedLock), typeof(UninterruptedMonitor), typeof(UninterruptedMutex)];
        IEnumerable<string> all = typeof(PagePool).Assembly.GetTypes()
            .Where(static type => type.Namespace is not "DmIoUring.Threading")
            .SelectMany(static type => type.GetFields(declared))
            .Where(field => kinds.Contains(field.FieldType))
            .Select(static field => $"{field.DeclaringType!.Name}.{field.Name}");
        Assert.Equal(Covered, all.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Theory]
    [MemberData(nameof(PagePoolCalls))]
    public void PagePool_DoesWhatItWasAskedFor_AndLosesNoPage(string call)
    {
        CountedExtents source = new();
        using (PagePool pool = new(source))
        {
            PageReservation reservation = pool.Reserve(4);
            PageList list = pool.Rent(1);
            AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => PagePoolRows[call](pool, list, reservation)));
            if (!string.Equals(call, "Return", StringComparison.Ordinal))
                list.Dispose();
            reservation.Dispose();
            Assert.Equal(default, pool.Counters);
        }

        Assert.Equal(0, source.Mapped);
    }

    [Fact]
    public void PagePool_Grows_WhenTheOneBeforeHasGrown()
    {
        CountedExtents source = new();
        using PagePool pool = new(source);
        using ManualResetEventSlim mapping = new();
        using ManualResetEventSlim goOn = new();
        source.WhileMapping = _ =>
        {
            mapping.Set();
            goOn.Wait(CancellationToken.None);
        };
        Task<PageReservation> first = Task.Run(() => pool.Reserve(10));
        mapping.Wait(TestContext.Current.CancellationToken);
        PageReservation? second = null;
        AssertDone(Interruption.During(() => second = pool.Reserve(20), static () => { }, goOn.Set));
        Assert.Equal(30, pool.Counters.Reserved);
        first.GetAwaiter().GetResult().Dispose();
        second!.Dispose();
        Assert.Equal(0, source.Mapped);
    }

    [Fact]
    public void AwaitedRenter_GetsItsPages_AndItsPlaceIsUsedAgain()
    {
        using PagePool pool = new(new CountedExtents());
        using PageReservation reservation = pool.Reserve(4);
        PageList all = pool.Rent(4);
        Renter waiting = Renter.Of(pool, 4);
        all.Dispose();
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => all = waiting.Take()));
        using CancellationTokenSource cancel = new();
        Renter next = Renter.Cancellable(pool, 1, cancel.Token);
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), cancel.Cancel));
        Assert.ThrowsAny<OperationCanceledException>(() => next.Take());
        all.Dispose();
        Assert.Equal(0, pool.Counters.Waiting);
    }

    [Fact]
    public void MemoryOwner_IsRentedAndReturned()
    {
        using PagePool pages = new(new CountedExtents());
        using PageReservation reservation = pages.Reserve(4);
        PageMemoryPool pool = new(pages);
        object gate = Interruption.LockOf(pool, "_lock");
        System.Buffers.IMemoryOwner<byte>? owner = null;
        AssertDone(Interruption.UnderLock(gate, () => owner = pool.Rent(8192)));
        Assert.Equal(8192, owner!.Memory.Length);
        AssertDone(Interruption.UnderLock(gate, owner.Dispose));
        Assert.Equal(0, pages.Counters.Rented);
        using System.Buffers.IMemoryOwner<byte> again = pool.Rent(4096);
        Assert.Same(owner, again);
    }

    [Theory]
    [MemberData(nameof(RequestPoolCalls))]
    public void RequestPool_DoesWhatItWasAskedFor_AndLosesNoRequest(string call)
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request first = pool.Take(mayWait: true);
        Request extra = pool.Take(mayWait: false);
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => RequestPoolRows[call](pool, first, extra)));
        pool.Return(first);
        if (!string.Equals(call, "Return of one too many", StringComparison.Ordinal))
            pool.Return(extra);
        Assert.Equal(pool.Reserved, pool.Count);
        for (int i = 0; i < pool.Reserved; i++)
            Assert.True(pool.TryTake(out _));
        Assert.False(pool.TryTake(out _));
    }

    [Fact]
    public void RequestPool_WithoutAReserve_Grows()
    {
        RequestPool pool = new(new CallbackReporter(null));
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => pool.Return(pool.Take(mayWait: true))));
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void ThreadThatWaitsForARequest_GetsIt()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        Request? got = null;
        AssertDone(Interruption.UnderLock(
            Interruption.LockOf(pool, "_lock"), () => got = pool.Take(mayWait: true), afterwards: () => pool.Return(only)));
        Assert.Same(only, got);
        Assert.Equal(0, pool.Waiting);
    }

    [Fact]
    public void ThreadThatReturnsARequest_ServesTheOneThatWaits()
    {
        RequestPool pool = new(new CallbackReporter(null));
        pool.Reserve(1);
        Request only = pool.Take(mayWait: true);
        Request? got = null;
        Thread waiter = new(() => got = pool.Take(mayWait: true)) { IsBackground = true };
        waiter.Start();
        Interruption.Until(() => pool.Waiting == 1);
        AssertDone(Interruption.UnderLock(Interruption.LockOf(pool, "_lock"), () => pool.Return(only)));
        Assert.True(waiter.Join(Notification.Limit));
        Assert.Same(only, got);
    }

    [Fact]
    public void CompletionsBehindTheInterrupt_AreNotDropped()
    {
        const int requests = 8;
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoReactor? reactor = null;
        PageReservation? reservation = null;
        int ended = 0;
        object? gate = null;
        (Exception? Thrown, bool IsKept) poll = Interruption.During(
            () =>
            {
                Assert.Equal(requests, reactor!.Poll(requests));
                Assert.Equal(0, reactor.Pages.RentedPages);
                reservation!.Dispose();
                reactor.Dispose();
            },
            () =>
            {
                gate = Interruption.LockOf(reactor!, "_pagePool", "_lock");
                Interruption.Enter(gate);
            },
            () => Interruption.Exit(gate!),
            () =>
            {
                reactor = new IoReactor();
                reservation = reactor.Reserve(requests);
                for (int i = 0; i < requests; i++)
                    reactor.SubmitWrite(device.Region(i * 8, 8), data, (result, _) => ended += result.IsSuccess ? 1 : 0, null, IoFlags.StableCopy);
            });
        AssertDone(poll);
        Assert.Equal(requests, ended);
    }

    [Fact]
    public void ADevicesDurability_CountsTheFlushThatFailed()
    {
        DeviceDurability durability = new();
        AssertDone(Interruption.UnderLock(Interruption.LockOf(durability, "_lock"), () =>
        {
            durability.FlushFailed(5);
            durability.FlushEnded(submitted: 1, failedFlushes: 1);
        }));
        Assert.Equal((1L, 5), (durability.FailedFlushes, durability.DoubtAfter(0)!.Errno));
    }

    [Fact]
    public void ADevicesDurability_IsFound()
    {
        object gate = typeof(DeviceDurability).GetField("SharedLock", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;
        DeviceIdentity identity = new(1, 2, 3, ulong.MaxValue);
        DeviceDurability? found = null;
        AssertDone(Interruption.UnderLock(gate, () => found = DeviceDurability.Of(identity)));
        Assert.Same(found, DeviceDurability.Of(identity));
    }

    [Theory]
    [InlineData("write")]
    [InlineData("dispose")]
    public void SynchronousRings(string call)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        using DmIoClient client = new();
        IoResult result = default;
        AssertDone(Interruption.UnderLock(Interruption.LockOf(client, "_syncRings", "_lock"), () =>
        {
            if (string.Equals(call, "write", StringComparison.Ordinal))
                result = client.Write([device.Region(0, 8), device.Region(8, 8)], data);
            else
                client.Dispose();
        }));
        Assert.Equal(default, result);
        if (string.Equals(call, "write", StringComparison.Ordinal))
            device.AssertHolds(8, data.GetSpan());
    }

    [Fact]
    public void Device_IsHeldByAnEngine_AndLetGoOf()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoReactor? reactor = null;
        object gate = Interruption.LockOf(device.Device, "_holdersLock");
        IoResult? result = null;
        AssertDone(Interruption.UnderLock(
            gate,
            () =>
            {
                reactor!.SubmitWrite(device.Region(0, 8), data, (ended, _) => result = ended);
                reactor.Poll(1);
                reactor.Dispose();
            },
            () => reactor = new IoReactor()));
        Assert.Equal(default(IoResult), result);
        AssertDone(Interruption.UnderLock(gate, device.Device.Dispose));
        Assert.Throws<ObjectDisposedException>(() => device.Device.ThrowIfDisposed());
    }

    [Theory]
    [InlineData("post")]
    [InlineData("dispose")]
    public void Reactor_TakesWhatIsPosted_AndEnds(string call)
    {
        IoReactor reactor = new(new IoReactorOptions { CanBeWoken = true });
        int ran = 0;
        AssertDone(Interruption.UnderLock(Interruption.LockOf(reactor, "_postLock"), () =>
        {
            if (string.Equals(call, "post", StringComparison.Ordinal))
                reactor.Post(_ => ran++);
            reactor.Dispose();
        }));
        Assert.Equal(string.Equals(call, "post", StringComparison.Ordinal) ? 1 : 0, ran);
    }

    [Fact]
    public void Workers_TakeTheEntry()
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(4096);
        IoReactor? reactor = null;
        IoResult? result = null;
        object? gate = null;
        AssertDone(Interruption.During(
            () =>
            {
                reactor!.SubmitWrite(device.Region(0, 8), data, (ended, _) => result = ended);
                reactor.Poll(1);
                reactor.Dispose();
            },
            () =>
            {
                gate = Interruption.LockOf(reactor!, "_rings", "_workers", "_gate");
                Interruption.Enter(gate);
            },
            () => Interruption.Exit(gate!),
            () => reactor = new IoReactor(new IoReactorOptions { Ring = IoRingKind.Workers })));
        Assert.Equal(default(IoResult), result);
        device.AssertHolds(0, data.GetSpan());
    }

    /// <summary>What docs/lifetime.md says: a synchronous call over a lane, within a reserve that is used up, can't be interrupted either.</summary>
    [Fact]
    public void SynchronousWriteOverALane_WithinAReserve_GivesItsRequestBack()
    {
        using FrozenFile frozen = new();
        using IoMemory data = Pattern.Memory(8192);
        using DmIoClient client = new(new DmIoOptions { ChunkBytes = 4096, SyncRings = 0 });
        using PageReservation reservation = client.Reserve(4, 1);
        IoResult? result = null;
        Request? overdraft = null;
        object gate = Interruption.LockOf(client, "_pool", "_lock");
        AssertDone(Interruption.During(
            () => result = client.Write(new IoRegion(frozen.Device, 0, 16), data),
            static () => { },
            () =>
            {
                // With more requests out than are reserved, the return takes the lock.
                Interruption.Until(() => client.GetPendingRequestsAsync().GetAwaiter().GetResult().Count == 1);
                overdraft = Requests(client).Take(mayWait: false);
                Interruption.Enter(gate);
                frozen.Thaw();
                Interruption.Until(() => client.Statistics.Requests == 1);
                Thread.Sleep(20);
                Interruption.Exit(gate);
            }));
        Assert.Equal(default(IoResult), result);
        Assert.True(frozen.Medium().AsSpan(0, 8192).SequenceEqual(data.GetSpan()));
        Requests(client).Return(overdraft!);
        Assert.Equal(1, Requests(client).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void SynchronousStableCopy_WaitsForItsPages(int rings)
    {
        using TestDevice device = new();
        using IoMemory data = Pattern.Memory(8192);
        using DmIoClient client = new(new DmIoOptions { SyncRings = rings });
        using PageReservation reservation = client.Reserve(4, 2);
        PageList all = client.Pages.RentPages(4);
        IoResult? result = null;
        AssertDone(Interruption.During(
            () => result = client.Write([device.Region(8, 16), device.Region(32, 16)], data, IoFlags.StableCopy),
            static () => { },
            () =>
            {
                Interruption.Until(() => client.Pages.Waiting == 1);
                all.Dispose();
            }));
        Assert.Equal(default(IoResult), result);
        device.AssertHolds(8, data.GetSpan());
        Assert.Equal(0, client.Pages.RentedPages);
    }

    [Fact]
    public void DevicesCounters_AreAddedAndRemoved_AndKnownToAMeter()
    {
        using TestDevice device = new(DeviceKind.File);
        DeviceCounterSet counters = device.Device.Counters;
        object gate = Interruption.LockOf(counters, "_lock");
        DeviceCounters? own = null;
        AssertDone(Interruption.UnderLock(gate, () => own = counters.Add()));
        own!.AddOperation((int)DeviceCounter.Reads, 512);
        AssertDone(Interruption.UnderLock(gate, () => counters.Remove(own)));
        Assert.Equal((1, 512), (device.Device.Statistics.Reads, device.Device.Statistics.ReadBytes));
        using ScriptedMeters meters = new();
        IoInstruments instruments = IoInstruments.Of(meters);
        AssertDone(Interruption.UnderLock(gate, () => counters.ReportBy(instruments)));
        AssertDone(Interruption.UnderLock(Interruption.LockOf(instruments.Devices, "_lock"), () => Assert.Equal(512, instruments.Devices.Read()[device.Path][(int)DeviceCounter.ReadBytes])));
    }

    private sealed class ScriptedMeters : IMeterFactory
    {
        private readonly List<Meter> _made = [];

        public Meter Create(MeterOptions options)
        {
            Meter meter = new(options);
            _made.Add(meter);
            return meter;
        }

        public void Dispose() => _made.ForEach(static meter => meter.Dispose());
    }

    private static RequestPool Requests(DmIoClient client) =>
        (RequestPool)typeof(DmIoClient).GetField("_pool", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(client)!;

    private static void AssertDone((Exception? Thrown, bool IsKept) what) => Assert.Equal((null, true), what);
}
