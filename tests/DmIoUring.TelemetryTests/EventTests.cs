using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Reflection;
using DmIoUring.Drivers;
using DmIoUring.Telemetry;
using Microsoft.Extensions.Logging;

namespace DmIoUring.TelemetryTests;

/// <summary>What is rare: the event source, and the log.</summary>
public sealed class EventTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task ARegionThatFails_IsTold_AndLoggedOnceASecond()
    {
        using OpenFile file = new();
        using EventRecorder events = new(file.Path);
        using LogRecorder log = new();
        using IoMemory data = IoMemory.Allocate(4096);
        await using DmIoClient client = new(new DmIoOptions { LoggerFactory = log });
        for (int i = 0; i < 3; i++)
            Assert.False((await client.ReadAsync(file.Region(4096, 8), data)).IsSuccess);
        Assert.False(client.Read(file.Region(4096, 8), data).IsSuccess);
        Assert.Equal("DmIoUring", log.Category);
        Assert.Equal(4, events.Events.Length);
        Assert.All(events.Events, told =>
        {
            Assert.Equal((1, "RegionFailed", EventLevel.Warning), (told.Id, told.Name, told.Level));
            Assert.Equal([file.Path, "read", 4096L, "EIO", "beyond_end", "failed"], told.Payload);
        });

        // One, or two where the test took more than a second.
        LogRecorder.Line[] lines = [.. log.Lines.Where(static line => line.Id == 1)];
        Assert.InRange(lines.Length, 1, 3);
        Assert.Equal((LogLevel.Warning, "RegionFailed"), (lines[0].Level, lines[0].Name));
        Assert.Equal($"A read of {file.Path} at sector 4096 ended as failed: EIO, cause beyond_end; 0 more since the last such line of this device", lines[0].Text);
    }

    [Fact]
    public void ALogThatThrows_HarmsNothing()
    {
        using OpenFile file = new();
        using LogRecorder log = new(throws: true);
        using IoMemory data = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { LoggerFactory = log });
        Assert.False(client.ReadAsync(file.Region(4096, 8), data).AsTask().Result.IsSuccess);
        Assert.True(client.ReadAsync(file.Region(0, 8), data).AsTask().Result.IsSuccess);
        Assert.NotEmpty(log.Lines);
    }

    [Fact]
    public void AWaitForTheReserve_IsTold()
    {
        using EventRecorder events = new("the waiting");
        using LogRecorder log = new();
        using DmIoClient client = new(new DmIoOptions { LoggerFactory = log, Name = "the waiting" });
        using PageReservation reserve = client.Reserve(1);
        PageList all = client.Pages.RentPages(1);
        Task<PageList> waiting = client.Pages.RentPagesAsync(1).AsTask();
        Assert.Empty(events.Events);
        all.Dispose();
        Assert.True(waiting.Wait(Limit));
        waiting.Result.Dispose();
        Assert.True(SpinWait.SpinUntil(() => log.Lines.Length > 0, Limit));
        EventRecorder.Event told = Assert.Single(events.Events);
        Assert.Equal((3, "ReserveWaited", (object)"pages"), (told.Id, told.Name, told.Payload[1]));
        Assert.Equal((3, LogLevel.Debug), (log.Lines[0].Id, log.Lines[0].Level));
    }

    [Fact]
    public void ALaneThatACallbackHolds_IsToldOnceMeanwhile_AndOnceAtItsEnd()
    {
        using EventRecorder events = new("the held");
        using LogRecorder log = new();
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { LoggerFactory = log, Name = "the held" });
        for (int stalls = 1; stalls <= 2; stalls++)
        {
            using HeldLane held = new(client, file, data);
            Assert.True(SpinWait.SpinUntil(() => log.Lines.Length > (2 * stalls) - 2 && events.Events.Length > (2 * stalls) - 2, Limit), "Nothing was told while the callback blocked.");
            Parallel.For(0, 16, static _ => StallWatch.Look());
            held.Release();
            Assert.True(SpinWait.SpinUntil(() => log.Lines.Length >= 2 * stalls && events.Events.Length >= 2 * stalls, Limit), "The end was not told.");
        }

        Assert.Equal([(10, "LaneBlocked"), (4, "LaneStalled"), (10, "LaneBlocked"), (4, "LaneStalled")], events.Events.Select(static told => (told.Id, told.Name)));
        Assert.All(events.Events, static told => Assert.Equal((EventLevel.Warning, (object)0), (told.Level, told.Payload[1])));
        Assert.Equal(file.Path, events.Events[0].Payload[3]);
        Assert.Equal([10, 4, 10, 4], log.Lines.Select(static line => line.Id));
        Assert.All(log.Lines, static line => Assert.Equal(LogLevel.Warning, line.Level));
        Assert.Matches($@"^the held: lane 0 has been in callbacks for \d+\.\d s without a break, the last of a request on {file.Path}\. ", log.Lines[0].Text);
        Assert.Contains("the held: lane 0 spent ", log.Lines[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void AListenerThatComesWhileACallbackHoldsALane_IsTold()
    {
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { Name = "the held in silence" });
        using HeldLane held = new(client, file, data);
        using EventRecorder events = new("the held in silence");
        Assert.True(SpinWait.SpinUntil(() => events.Events.Length > 0, Limit), "Nothing was told while the callback blocked.");
        Assert.Equal("LaneBlocked", Assert.Single(events.Events).Name);
    }

    [Fact]
    public void WorkersInsteadOfARing_AreTold_WithTheReason()
    {
        using EventRecorder events = new("the refused");
        using LogRecorder log = new();
        IoUringUnavailableException refusal = new(IoUringRefusal.Sysctl, 1, "kernel.io_uring_disabled is 2");
        using (DmIoClient client = new(new DmIoOptions { LoggerFactory = log, Name = "the refused" }, new WorkerRingSource(1, refusal)))
            Assert.Equal(IoUringRefusal.Sysctl, client.Capabilities.Refusal);
        EventRecorder.Event told = Assert.Single(events.Events);
        Assert.Equal((5, "FellBackToWorkers"), (told.Id, told.Name));
        Assert.Contains("kernel.io_uring_disabled", (string)told.Payload[1]!, StringComparison.Ordinal);
        Assert.Equal((5, LogLevel.Warning), (Assert.Single(log.Lines).Id, log.Lines[0].Level));
    }

    [Fact]
    public void WorkersThatWereAskedFor_AreNotTold()
    {
        using LogRecorder log = new();
        using (DmIoClient client = new(new DmIoOptions { LoggerFactory = log, Ring = IoRingKind.Workers }))
            Assert.Null(client.Capabilities.Refusal);
        Assert.Empty(log.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ACallbackThatThrows_IsTold_AndLoggedWhereNoHandlerIs(bool hasHandler)
    {
        string name = $"the throwing {hasHandler}";
        using EventRecorder events = new(name);
        using LogRecorder log = new();
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        Exception? handled = null;
        using (DmIoClient client = new(new DmIoOptions { LoggerFactory = log, Name = name, CallbackFailed = hasHandler ? exception => handled = exception : null }))
            client.SubmitRead(file.Region(0, 8), data, static (_, _) => throw new FormatException("thrown"));
        EventRecorder.Event told = Assert.Single(events.Events);
        Assert.Equal((7, "CallbackThrew", (object)"System.FormatException"), (told.Id, told.Name, told.Payload[1]));
        Assert.Equal(hasHandler, handled is FormatException);
        Assert.Equal(hasHandler ? [] : [(7, LogLevel.Error, "thrown")], log.Lines.Select(static line => (line.Id, line.Level, line.Exception!.Message)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADisposeThatGivesUp_IsTold_AndLoggedWhereNoHandlerIs(bool hasHandler)
    {
        string name = $"the giving up {hasHandler}";
        using EventRecorder events = new(name);
        using LogRecorder log = new();
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using ManualResetEventSlim held = new();
        using ManualResetEventSlim release = new();
        IoUnfinished? handled = null;
        DmIoClient client = new(new DmIoOptions
        {
            LoggerFactory = log,
            Name = name,
            DisposeTimeLimit = TimeSpan.FromMilliseconds(1),
            DisposeGaveUp = hasHandler ? report => handled = report : null,
        });
        client.SubmitRead(file.Region(0, 8), data, (_, _) =>
        {
            held.Set();
            release.Wait(Limit);
        });
        Assert.True(held.Wait(Limit));
        client.Dispose();

        // That the callback blocks is told beside it, when it has for long enough.
        EventRecorder.Event told = Assert.Single(events.Events, static one => one.Id != IoEvents.LaneBlockedId);
        Assert.Equal((6, "DisposeGaveUp", (object)1), (told.Id, told.Name, told.Payload[3]));
        Assert.Equal(hasHandler, handled is { BlockedLanes: 1 });
        Assert.Equal(hasHandler ? [] : [(6, LogLevel.Error)], log.Lines.Where(static line => line.Id != IoEvents.LaneBlockedId).Select(static line => (line.Id, line.Level)));
        release.Set();
        client.Dispose();
    }

    [Fact]
    public void WithoutALog_TheGravestGoToTrace()
    {
        using StringWriter text = new();
        using TextWriterTraceListener listener = new(text);
        Trace.Listeners.Add(listener);
        try
        {
            DriverTelemetry telemetry = new(IoInstruments.Default, "the traced", loggers: null);
            telemetry.WriteCallbackException(new FormatException("a callback"));
            telemetry.WriteGaveUp("a report");
            telemetry.ReserveExhausted(7, 3, TimeSpan.FromSeconds(10));
        }
        finally
        {
            Trace.Listeners.Remove(listener);
        }

        string all = text.ToString();
        Assert.Contains("a completion callback threw: System.FormatException: a callback", all, StringComparison.Ordinal);
        Assert.Contains("a report", all, StringComparison.Ordinal);
        Assert.Contains("a submit has waited 10 s for one of 7 reserved requests", all, StringComparison.Ordinal);
    }

    /// <summary>The tools read the manifest; a wrong one is found when somebody listens first.</summary>
    [Fact]
    public void TheEventsManifest_IsRight()
    {
        Assert.NotNull(EventSource.GenerateManifest(typeof(IoEvents), null, EventManifestOptions.Strict));
        int[] events = [.. typeof(IoEvents).GetMethods().Select(static method => method.GetCustomAttribute<EventAttribute>()).Where(static one => one is not null).Select(static one => one!.EventId).Order()];
        Assert.Equal(Enumerable.Range(1, 10), events);
        Assert.Equal(events, typeof(IoLog).GetMethods(BindingFlags.Static | BindingFlags.Public).Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>()).Where(static one => one is not null).Select(static one => one!.EventId).Order());
    }

    [Fact]
    public void TheDocumentation_NamesEveryInstrumentAndEvent()
    {
        string text = File.ReadAllText(Documentation());
        using OwnMeters meters = new();
        List<string> names = [];
        using System.Diagnostics.Metrics.MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
                names.Add($"`{instrument.Name}` | {instrument.Unit}");
        };
        listener.Start();
        _ = IoInstruments.Of(meters);
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains(name, text, StringComparison.Ordinal));
        foreach (MethodInfo method in typeof(IoEvents).GetMethods())
        {
            if (method.GetCustomAttribute<EventAttribute>() is { } attribute)
                Assert.Contains($"| {attribute.EventId} | `{method.Name}` | {attribute.Level}", text, StringComparison.Ordinal);
        }
    }

    private static string Documentation([System.Runtime.CompilerServices.CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "../../docs/telemetry.md");

    /// <summary>A callback that blocks its client's first lane until it is released.</summary>
    private sealed class HeldLane : IDisposable
    {
        private readonly ManualResetEventSlim _release = new();

        public HeldLane(DmIoClient client, OpenFile file, IoMemory data)
        {
            using ManualResetEventSlim held = new();
            client.SubmitRead(file.Region(0, 8), data, (_, _) =>
            {
                held.Set();
                _release.Wait(Limit);
            });
            Assert.True(held.Wait(Limit));
        }

        public void Release() => _release.Set();

        /// <summary>Not disposed itself: the callback may look at it still.</summary>
        public void Dispose() => _release.Set();
    }
}
