using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using DmIoUring.Interop;

namespace DmIoUring.Telemetry;

/// <summary>The instruments of one meter, which all clients and reactors share that use it.</summary>
/// <remarks>
/// What the engines count anyway is read when a listener collects, on its thread and without a lock that a lane could wait for. Recorded with each event
/// are the histograms and the failures of regions; where nobody listens that is one look whether anybody does.
/// </remarks>
internal sealed class IoInstruments
{
    public const string MeterName = "DmIoUring";

    private static readonly ConditionalWeakTable<Meter, IoInstruments> OfMeters = [];

    private static readonly InstrumentAdvice<double> Times = new()
    {
        HistogramBucketBoundaries =
        [
            10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        ],
    };

    private static readonly InstrumentAdvice<long> Sizes = new()
    {
        HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    };

    private IoInstruments(Meter meter)
    {
        OperationDuration = meter.CreateHistogram(
            "dmio.disk.operation.duration", "s", "Time from when an engine has a region until all of it has ended.", tags: null, Times);
        RequestDuration = meter.CreateHistogram(
            "dmio.request.duration", "s", "Time from a request's submission until its result is there, waiting for a reserve not included.", tags: null, Times);
        LaneQueueWait = meter.CreateHistogram(
            "dmio.lane.queue.wait", "s", "Time from a request's submission until its lane has taken it.", tags: null, Times);
        BatchSize = meter.CreateHistogram(
            "dmio.ring.batch.size", "{entry}", "Entries that were submitted by one call of io_uring_enter.", tags: null, Sizes);
        RegionFailures = meter.CreateCounter<long>("dmio.region.failures", "{region}", "Regions that failed or are not supported.");

        meter.CreateObservableCounter("dmio.disk.io", () => ObserveDevices(bytes: true), "By", "Bytes that were read, written, discarded and zeroed.");
        meter.CreateObservableCounter("dmio.disk.operations", () => ObserveDevices(bytes: false), "{operation}", "Regions that have ended.");

        Growing("dmio.ring.entries", DriverFigure.Entries, "{entry}", "Entries that were submitted to rings, retries included.");
        Growing("dmio.ring.enters", DriverFigure.Enters, "{call}", "Calls of io_uring_enter.");
        Growing("dmio.ring.retries", DriverFigure.Retries, "{entry}", "Entries that were submitted again after EAGAIN or EINTR.");
        Growing("dmio.ring.short_transfers", DriverFigure.ShortTransfers, "{transfer}", "Transfers that were continued after a short one.");
        Growing("dmio.ring.worker_entries", DriverFigure.WorkerEntries, "{entry}", "Entries for which the kernel uses a worker thread, as far as that is known beforehand.");
        Growing("dmio.callback.exceptions", DriverFigure.CallbackExceptions, "{exception}", "Callbacks that threw.");
        Growing("dmio.reserve.overdrafts", DriverFigure.Overdrafts, "{request}", "Requests that callbacks got beyond the reserve.");

        Level("dmio.request.active", DriverFigure.ActiveRequests, "{request}", "Requests that an engine has and that have not ended.");
        Level("dmio.reserve.limit", DriverFigure.ReservedPages, "{page}", "Pages that are reserved.");
        Level("dmio.reserve.usage", DriverFigure.RentedPages, "{page}", "Pages that are rented.");
        meter.CreateObservableUpDownCounter("dmio.reserve.waiters", ObserveWaiters, "{waiter}", "Threads and tasks that wait for pages or requests of the reserve.");
        meter.CreateObservableGauge(
            "dmio.lane.dispatch.longest", ObserveLongestDispatch, "s", "The longest time that a lane has spent on one batch of completions, callbacks included.");

        void Growing(string name, DriverFigure figure, string unit, string description) =>
            meter.CreateObservableCounter(name, () => ObserveDrivers(figure), unit, description);

        void Level(string name, DriverFigure figure, string unit, string description) =>
            meter.CreateObservableUpDownCounter(name, () => ObserveDrivers(figure), unit, description);
    }

    /// <summary>Those of the process's own meter, for clients and reactors without a factory.</summary>
    public static IoInstruments Default { get; } = new(new Meter(Options(scope: null)));

    public Histogram<double> OperationDuration { get; }

    public Histogram<double> RequestDuration { get; }

    public Histogram<double> LaneQueueWait { get; }

    public Histogram<long> BatchSize { get; }

    public Counter<long> RegionFailures { get; }

    public MeteredDrivers Drivers { get; } = new();

    public MeteredDevices Devices { get; } = new();

    /// <summary>The instruments of a factory's meter: the same for each client of one factory.</summary>
    public static IoInstruments Of(IMeterFactory? factory) =>
        factory is null ? Default : OfMeters.GetValue(factory.Create(Options(scope: factory)), static meter => new IoInstruments(meter));

    /// <summary>When a request is submitted: a time of the stopwatch, or 0 where nobody asks.</summary>
    public long Submission => RequestDuration.Enabled || LaneQueueWait.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>Records how long a region has taken.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="operation">The operation's number.</param>
    /// <param name="ticks">Of the stopwatch.</param>
    /// <param name="errno">Why it failed; 0 when it did not.</param>
    public void RecordOperation(string device, int operation, long ticks, int errno)
    {
        TagList tags = new() { { Tags.Device, device }, { Tags.Operation, Tags.OperationName(operation) } };
        if (errno != 0)
            tags.Add(Tags.Error, Errno.Name(errno));
        Record(OperationDuration, Seconds(ticks), tags);
    }

    /// <summary>Records how long a request has taken.</summary>
    public void RecordRequest(string driver, int operation, long ticks, int errno)
    {
        TagList tags = new() { { Tags.Driver, driver }, { Tags.Operation, Tags.OperationName(operation) } };
        if (errno != 0)
            tags.Add(Tags.Error, Errno.Name(errno));
        Record(RequestDuration, Seconds(ticks), tags);
    }

    /// <summary>Records how long a request has waited for its lane.</summary>
    public void RecordWait(string driver, long ticks) => Record(LaneQueueWait, Seconds(ticks), new TagList { { Tags.Driver, driver } });

    /// <summary>Records how many entries were submitted at once.</summary>
    public void RecordBatch(string driver, long entries) => Record(BatchSize, entries, new TagList { { Tags.Driver, driver } });

    /// <summary>Counts a region that has failed.</summary>
    public void CountFailure(string device, string operation, string error, string cause, string outcome)
    {
        TagList tags = new()
        {
            { Tags.Device, device }, { Tags.Operation, operation }, { Tags.Error, error }, { Tags.Cause, cause }, { Tags.Outcome, outcome },
        };
        try
        {
            RegionFailures.Add(1, tags);
        }
#pragma warning disable CA1031 // Whatever a listener throws.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ListenerThrew(exception);
        }
    }

    /// <summary>A listener's callback runs in here, on a lane, which would end by what it throws.</summary>
    private static void Record<T>(Histogram<T> histogram, T value, in TagList tags)
        where T : struct
    {
        try
        {
            histogram.Record(value, tags);
        }
#pragma warning disable CA1031 // Whatever a listener throws.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ListenerThrew(exception);
        }
    }

    private static void ListenerThrew(Exception exception) => Trace.TraceError("DmIoUring: a listener of its meter threw: {0}", exception);

    public static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    private static MeterOptions Options(object? scope) => new(MeterName)
    {
        Version = typeof(IoInstruments).Assembly.GetName().Version?.ToString(3),
        Scope = scope,
    };

    private IEnumerable<Measurement<long>> ObserveDrivers(DriverFigure figure)
    {
        foreach ((string name, DriverFigures figures) in Drivers.Read())
            yield return new Measurement<long>(figures[figure], new KeyValuePair<string, object?>(Tags.Driver, name));
    }

    private IEnumerable<Measurement<long>> ObserveWaiters()
    {
        foreach ((string name, DriverFigures figures) in Drivers.Read())
        {
            KeyValuePair<string, object?> driver = new(Tags.Driver, name);
            yield return new Measurement<long>(figures[DriverFigure.PageWaiters], driver, new(Tags.Reserve, "pages"));
            yield return new Measurement<long>(figures[DriverFigure.RequestWaiters], driver, new(Tags.Reserve, "requests"));
        }
    }

    private IEnumerable<Measurement<double>> ObserveLongestDispatch()
    {
        foreach ((string name, DriverFigures figures) in Drivers.Read())
            yield return new Measurement<double>(Seconds(figures[DriverFigure.LongestDispatch]), new KeyValuePair<string, object?>(Tags.Driver, name));
    }

    /// <summary>A series for each device and operation that was used. Where no client or reactor is left nothing is reported.</summary>
    private IEnumerable<Measurement<long>> ObserveDevices(bool bytes)
    {
        if (!Drivers.Any)
            yield break;
        foreach ((string name, long[] sum) in Devices.Read())
        {
            for (int operation = 0; operation < DeviceCounters.Operations; operation++)
            {
                long value = sum[bytes ? operation + DeviceCounters.Operations : operation];
                if (value == 0)
                    continue;
                KeyValuePair<string, object?> device = new(Tags.Device, name);
                KeyValuePair<string, object?> kind = new(Tags.Operation, Tags.OperationName(operation));
                yield return Tags.Direction(operation) is { } direction
                    ? new Measurement<long>(value, device, kind, new(Tags.DiskDirection, direction))
                    : new Measurement<long>(value, device, kind);
            }
        }
    }
}
