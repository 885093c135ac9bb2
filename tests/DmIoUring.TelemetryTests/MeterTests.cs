using System.Diagnostics.Metrics;

namespace DmIoUring.TelemetryTests;

/// <summary>The meter <c>DmIoUring</c>, by a listener in this process.</summary>
public sealed class MeterTests
{
    private static readonly (string Name, string Unit)[] Observable =
    [
        ("dmio.disk.io", "By"),
        ("dmio.disk.operations", "{operation}"),
        ("dmio.ring.entries", "{entry}"),
        ("dmio.ring.enters", "{call}"),
        ("dmio.ring.retries", "{entry}"),
        ("dmio.ring.short_transfers", "{transfer}"),
        ("dmio.ring.worker_entries", "{entry}"),
        ("dmio.callback.exceptions", "{exception}"),
        ("dmio.request.active", "{request}"),
        ("dmio.reserve.limit", "{page}"),
        ("dmio.reserve.usage", "{page}"),
        ("dmio.reserve.waiters", "{waiter}"),
        ("dmio.reserve.overdrafts", "{request}"),
        ("dmio.lane.dispatch.longest", "s"),
    ];

    [Fact]
    public async Task EveryInstrument_TellsOfAClient()
    {
        using OwnMeters meters = new();
        using MeterRecorder recorder = new(meters);
        using OpenFile file = new();
        await using DmIoClient client = new(new DmIoOptions { MeterFactory = meters });
        using IoMemory data = IoMemory.Allocate(8192);
        Assert.True((await client.WriteAsync(file.Region(0, 16), data)).IsSuccess);
        Assert.True((await client.ReadAsync(file.Region(0, 8), data)).IsSuccess);
        Assert.False((await client.ReadAsync(file.Region(4096, 8), data)).IsSuccess);
        Assert.True((await client.FlushAsync([file.Region(0, 0)])).IsSuccess);

        (string Key, string Value) device = ("system.device", file.Path);
        Assert.Equal([1.0], recorder.Of("dmio.region.failures").Select(static told => told.Value));
        MeterRecorder.Told failure = Assert.Single(recorder.Of("dmio.region.failures"));
        Assert.Equal((file.Path, "read", "EIO", "beyond_end", "failed"), (failure.Tag("system.device"), failure.Tag("dmio.operation"), failure.Tag("error.type"), failure.Tag("dmio.cause"), failure.Tag("dmio.outcome")));

        // The read beyond the end was not issued: it has no duration of the device's.
        Assert.Equal(["write", "read", "flush"], recorder.Of("dmio.disk.operation.duration").Select(static told => told.Tag("dmio.operation")));
        Assert.Equal(["write", "read", "read", "flush"], recorder.Of("dmio.request.duration").Select(static told => told.Tag("dmio.operation")));
        Assert.Equal([null, null, "EIO", null], recorder.Of("dmio.request.duration").Select(static told => told.Tag("error.type")));
        Assert.Equal(4, recorder.Of("dmio.lane.queue.wait").Length);
        Assert.Equal(3, recorder.Of("dmio.ring.batch.size").Sum(static told => told.Value));
        Assert.All(recorder.Of("dmio.disk.operation.duration"), told => Assert.InRange(told.Value, 1e-9, 60));
        Assert.All(recorder.Of("dmio.request.duration"), told => Assert.InRange(told.Value, 1e-9, 60));

        Assert.Equal(8192, recorder.Collect("dmio.disk.io", device, ("dmio.operation", "write"), ("disk.io.direction", "write")));
        Assert.Equal(4096, recorder.Collect("dmio.disk.io", device, ("dmio.operation", "read"), ("disk.io.direction", "read")));
        Assert.Equal(2, recorder.Collect("dmio.disk.operations", device, ("dmio.operation", "read")));
        Assert.Equal(1, recorder.Collect("dmio.disk.operations", device, ("dmio.operation", "flush")));
        Assert.Equal(client.Statistics.Entries, recorder.Collect("dmio.ring.entries", ("dmio.driver", "client")));
        Assert.Equal(client.Statistics.WorkerEntries, recorder.Collect("dmio.ring.worker_entries", ("dmio.driver", "client")));
        Assert.Equal(0, recorder.Collect("dmio.request.active", ("dmio.driver", "client")));
        Assert.True(recorder.Collect("dmio.lane.dispatch.longest", ("dmio.driver", "client")) > 0);
        Assert.Equal(Observable.Order(), recorder.Collect().Select(told => (told.Instrument, recorder.Units[told.Instrument]!)).Distinct().Order());
    }

    [Fact]
    public void TheReserve_IsReported()
    {
        using OwnMeters meters = new();
        using MeterRecorder recorder = new(meters);
        using DmIoClient client = new(new DmIoOptions { MeterFactory = meters, Name = "journal" });
        using PageReservation reserve = client.Reserve(8);
        PageList pages = client.Pages.RentPages(3);
        Task<PageList> waiting = client.Pages.RentPagesAsync(6).AsTask();
        Assert.Equal(8, recorder.Collect("dmio.reserve.limit", ("dmio.driver", "journal")));
        Assert.Equal(3, recorder.Collect("dmio.reserve.usage", ("dmio.driver", "journal")));
        Assert.Equal(1, recorder.Collect("dmio.reserve.waiters", ("dmio.driver", "journal"), ("dmio.reserve", "pages")));
        pages.Dispose();
        waiting.Result.Dispose();
        Assert.Equal(0, recorder.Collect("dmio.reserve.usage", ("dmio.driver", "journal")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SynchronousRequests_AreRecorded(bool large)
    {
        using OwnMeters meters = new();
        using MeterRecorder recorder = new(meters);
        using OpenFile file = new();
        using DmIoClient client = new(new DmIoOptions { MeterFactory = meters, ChunkBytes = 4096 });
        using IoMemory data = IoMemory.Allocate(64 << 10);
        long sectors = large ? 128 : 8;
        Assert.True(client.Write(file.Region(0, sectors), data).IsSuccess);
        Assert.False(client.Write(file.Region(2048, sectors), data).IsSuccess);
        Assert.Equal(2, recorder.Of("dmio.request.duration").Length);
        Assert.NotEmpty(recorder.Of("dmio.disk.operation.duration"));
        Assert.Single(recorder.Of("dmio.region.failures"));
        Assert.Equal(sectors * 512, recorder.Collect("dmio.disk.io", ("system.device", file.Path)));
        Assert.Equal(2, recorder.Collect("dmio.disk.operations", ("system.device", file.Path)));
    }

    [Fact]
    public void AReactor_IsReported_UntilItsEnd()
    {
        using OwnMeters meters = new();
        using MeterRecorder recorder = new(meters);
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        int ended = 0;
        using (IoReactor reactor = new(new IoReactorOptions { MeterFactory = meters }))
        {
            // The second goes the fast path.
            for (int i = 0; i < 2; i++)
            {
                reactor.SubmitWrite(file.Region(0, 8), data, (_, _) => ended++);
                Assert.Equal(1, recorder.Collect("dmio.request.active", ("dmio.driver", "reactor")));
                reactor.Poll(1);
            }

            Assert.Equal(2, ended);
            Assert.Equal(8192, recorder.Collect("dmio.disk.io", ("system.device", file.Path)));
            reactor.SubmitRead(file.Region(0, 8), data, (_, _) => ended++);
            reactor.Poll(1);
            Assert.Single(recorder.Of("dmio.disk.operation.duration"));
            Assert.Single(recorder.Of("dmio.request.duration"));
        }

        Assert.Empty(recorder.Collect());
    }

    [Fact]
    public async Task AfterItsEnd_AClientReportsNothing_AndTheNextOfItsNameGoesOn()
    {
        using OwnMeters meters = new();
        using MeterRecorder recorder = new(meters);
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        double before = 0;
        for (int i = 1; i <= 3; i++)
        {
            using OpenFile other = new("rotated");
            DmIoClient client = new(new DmIoOptions { MeterFactory = meters });
            Assert.True((await client.WriteAsync([file.Region(0, 8), other.Region(0, 8)], data)).IsSuccess);
            double entries = recorder.Collect("dmio.ring.entries")!.Value;
            Assert.True(entries > before, $"{entries} entries after {before}");
            Assert.Equal(i * 4096, recorder.Collect("dmio.disk.io", ("system.device", file.Path)));
            Assert.Equal(i * 4096, recorder.Collect("dmio.disk.io", ("system.device", "rotated")));
            before = entries;
            if (i % 2 == 0)
                client.Dispose();
            else
                await client.DisposeAsync();
            Assert.Empty(recorder.Collect());
        }
    }

    [Fact]
    public async Task ADeviceOfTwoClients_IsReportedOnce()
    {
        using OwnMeters meters = new();
        using MeterRecorder recorder = new(meters);
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        await using DmIoClient one = new(new DmIoOptions { MeterFactory = meters });
        await using DmIoClient two = new(new DmIoOptions { MeterFactory = meters, Name = "two" });
        Assert.True((await one.WriteAsync(file.Region(0, 8), data)).IsSuccess);
        Assert.True((await two.WriteAsync(file.Region(0, 8), data)).IsSuccess);
        Assert.True(two.Write(file.Region(0, 8), data).IsSuccess);
        Assert.Equal(3 * 4096, recorder.Collect("dmio.disk.io", ("system.device", file.Path)));
        Assert.Equal(1, recorder.Collect("dmio.ring.entries", ("dmio.driver", "two")));
    }

    /// <summary>A lane, which runs the listener's code, must not end by it, and what it submits there must not meet an engine that is in the middle of something.</summary>
    [Fact]
    public async Task AListenerThatThrows_OrSubmits_HarmsNothing()
    {
        using OwnMeters meters = new();
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using IoMemory other = IoMemory.Allocate(4096);
        await using DmIoClient client = new(new DmIoOptions { MeterFactory = meters, QueueDepth = 4 });
        int nested = 0;
        int ended = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
                own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
        {
            if (Interlocked.Increment(ref nested) is var number && number < 200)
                client.SubmitRead(file.Region(number % 100 * 8, 8), other, (_, _) => Interlocked.Increment(ref ended));
            throw new InvalidOperationException("a listener");
        });
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => throw new InvalidOperationException("a listener"));
        listener.Start();
        for (int i = 0; i < 50; i++)
            Assert.True((await client.WriteAsync([file.Region(i * 8, 8), file.Region(1000, 8)], data)).IsSuccess);
        Assert.True(SpinWait.SpinUntil(() => client.Statistics.Requests == 249, TimeSpan.FromSeconds(60)), $"{client.Statistics.Requests} requests");
        Assert.True(SpinWait.SpinUntil(() => ended == 199, TimeSpan.FromSeconds(60)), $"{ended} callbacks");
    }

    [Fact]
    public void ClosedDevices_AreNotKept()
    {
        using OwnMeters meters = new();
        using MeterRecorder recorder = new(meters);
        using DmIoClient client = new(new DmIoOptions { MeterFactory = meters });
        using IoMemory data = IoMemory.Allocate(4096);
        for (int i = 0; i < 300; i++)
        {
            using OpenFile file = new("closed");
            Assert.True(client.Write(file.Region(0, 8), data).IsSuccess);
        }

        Assert.Equal(300 * 4096, recorder.Collect("dmio.disk.io", ("system.device", "closed")));
        Assert.Equal(0, Telemetry.IoInstruments.Of(meters).Devices.Count);
    }

    [Fact]
    public async Task AListenerThatComesLater_HearsOfRequestsFromThenOn()
    {
        using OwnMeters meters = new();
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        await using DmIoClient client = new(new DmIoOptions { MeterFactory = meters });
        for (int i = 0; i < 2; i++)
        {
            Assert.True((await client.WriteAsync(file.Region(0, 8), data)).IsSuccess);
            using MeterRecorder recorder = new(meters);
            Assert.True((await client.WriteAsync(file.Region(0, 8), data)).IsSuccess);
            Assert.InRange(Assert.Single(recorder.Of("dmio.request.duration")).Value, 1e-9, 60);
            Assert.InRange(Assert.Single(recorder.Of("dmio.disk.operation.duration")).Value, 1e-9, 60);
        }
    }
}
