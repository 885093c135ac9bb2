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
    /// <summary>The locks that the tests here and in <see cref="InterruptedPoolLockTests"/> are about, as declaring type and field.</summary>
    private static readonly string[] Covered =
    [
        "BlockDevice._holdersLock", "DeviceCounterSet._lock", "DeviceDurability.SharedLock", "DeviceDurability._lock", "IoReactor._postLock", "MeteredDevices._lock",
        "PageMemoryPool._lock", "PagePool._growing", "PagePool._lock",
        "RequestPool._lock", "SyncRings._lock", "WorkerPool._gate",
    ];

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
