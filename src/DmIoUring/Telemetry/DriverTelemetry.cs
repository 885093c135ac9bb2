using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Globalization;
using DmIoUring.Interop;
using Microsoft.Extensions.Logging;

namespace DmIoUring.Telemetry;

/// <summary>Where a client or a reactor tells what happens: its meter, the event source, and its log. Any thread; never throws for what a listener does.</summary>
/// <param name="instruments">Its meter's.</param>
/// <param name="name">What it is called.</param>
/// <param name="loggers">Where its log goes; null for none, and for the gravest <see cref="Trace"/>.</param>
internal sealed class DriverTelemetry(IoInstruments instruments, string name, ILoggerFactory? loggers)
{
    /// <summary>A lane that takes longer for one batch of completions is held by a callback: nothing of the library's own takes a hundredth of it.</summary>
    public static readonly TimeSpan StallTime = TimeSpan.FromSeconds(1);

    /// <summary>For engines without a client or a reactor.</summary>
    public static readonly DriverTelemetry None = new(IoInstruments.Default, "none", loggers: null);

    private readonly SafeLogger? _log = loggers is null ? null : new SafeLogger(loggers.CreateLogger(IoLog.Category));

    private Action? _afterLast;
    private int _lanesLeft;

    public IoInstruments Instruments => instruments;

    public string Name => name;

    /// <summary>Runs an action when so many lanes have ended, and what they have handed over, on the last one's thread: the thread pool may have none to spare, and needs descriptors for a new one.</summary>
    public void AfterLanes(int lanes, bool handsOver, Action action)
    {
        _lanesLeft = handsOver ? lanes + 1 : lanes;
        Volatile.Write(ref _afterLast, action);
    }

    /// <summary>The callbacks that the lanes have handed over have all returned, and the lanes have ended.</summary>
    public void CallbacksEnded() => LaneEnded();

    /// <summary>A lane has ended its last request.</summary>
    public void LaneEnded()
    {
        if (Volatile.Read(ref _afterLast) is { } action && Interlocked.Decrement(ref _lanesLeft) == 0)
            action();
    }

    /// <summary>A region of a request has failed, or is not supported.</summary>
    public void RegionFailed(DeviceCounterSet device, string operation, long sector, int errno, string cause, bool isUnsupported)
    {
        string error = Errno.Name(errno);
        string outcome = isUnsupported ? "unsupported" : "failed";
        if (instruments.RegionFailures.Enabled)
            instruments.CountFailure(device.Name, operation, error, cause, outcome);
        IoEvents.Log.RegionFailed(device.Name, operation, sector, error, cause, outcome);
        if (_log is not null && _log.IsEnabled(LogLevel.Warning) && device.FailureLog.TryPass(out long dropped))
            _log.RegionFailed(device.Name, operation, sector, error, cause, outcome, dropped);
    }

    /// <summary>A transfer, or another call, is made again.</summary>
    public void Retried(DeviceCounterSet device, long sector, int errno, int attempt)
    {
        if (IoEvents.Log.IsEnabled())
            IoEvents.Log.TransferRetried(device.Name, sector, Errno.Name(errno), attempt);
        if (_log is not null && _log.IsEnabled(LogLevel.Debug) && device.RetryLog.TryPass(out long dropped))
            _log.TransferRetried(device.Name, sector, Errno.Name(errno), attempt, dropped);
    }

    /// <summary>A wait for the reserve has ended.</summary>
    /// <param name="reserve">What it was for: pages or requests.</param>
    /// <param name="since">When it began, in ticks of the stopwatch.</param>
    public void ReserveWaited(string reserve, long since)
    {
        double milliseconds = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        IoEvents.Log.ReserveWaited(name, reserve, milliseconds);
        if (_log is not null && _log.IsEnabled(LogLevel.Debug))
            _log.ReserveWaited(name, reserve, milliseconds);
    }

    /// <summary>A submit has waited for long, and still waits.</summary>
    public void ReserveExhausted(int reserved, long unawaited, TimeSpan waited)
    {
        IoEvents.Log.ReserveExhausted(name, reserved, unawaited, waited.TotalMilliseconds);
        if (_log is not null)
        {
            _log.ReserveExhausted(name, waited.TotalMilliseconds, reserved, unawaited);
            return;
        }

        Trace.TraceWarning(string.Create(
            CultureInfo.InvariantCulture,
            $"DmIoUring: a submit has waited {waited.TotalSeconds} s for one of {reserved} reserved requests. {unawaited} of them have ended and stay occupied until their ValueTask is awaited; the others are in flight."));
    }

    /// <summary>Whether anybody may want to know that a lane is held. What a logger lets through may change at any time, and nobody tells.</summary>
    public bool HasStallListener => _log is not null || IoEvents.Log.IsEnabled(EventLevel.Warning, EventKeywords.None);

    /// <summary>A lane is held by a callback.</summary>
    public void LaneBlocked(int lane, TimeSpan time, string device)
    {
        IoEvents.Log.LaneBlocked(name, lane, time.TotalMilliseconds, device);
        _log?.LaneBlocked(name, lane, time.TotalSeconds, device);
    }

    /// <summary>A lane was held by a callback.</summary>
    public void LaneStalled(int lane, TimeSpan time)
    {
        IoEvents.Log.LaneStalled(name, lane, time.TotalMilliseconds);
        _log?.LaneStalled(name, lane, time.TotalMilliseconds);
    }

    /// <summary>The host has refused io_uring.</summary>
    public void FellBackToWorkers(string reason)
    {
        IoEvents.Log.FellBackToWorkers(name, reason);
        _log?.FellBackToWorkers(name, reason);
    }

    /// <summary>A ring is lost, and will be replaced.</summary>
    public void RingLost(int errno)
    {
        IoEvents.Log.RingLost(name, Errno.Name(errno));
        _log?.RingLost(name, Errno.Name(errno));
    }

    /// <summary>Dispose has given up; the event alone, for one whose report goes to a handler.</summary>
    public void DisposeGaveUp(TimeSpan waited, int requests, int blockedLanes) =>
        IoEvents.Log.DisposeGaveUp(name, waited.TotalMilliseconds, requests, blockedLanes);

    /// <summary>Writes the report of a Dispose that has given up.</summary>
    public void WriteGaveUp(string report)
    {
        if (_log is not null)
            _log.DisposeGaveUp(name, report);
        else
            Trace.TraceWarning(report);
    }

    /// <summary>A callback threw; the event alone, for one whose exceptions go to a handler.</summary>
    public void CallbackThrew(Exception exception) => IoEvents.Log.CallbackThrew(name, exception.GetType().FullName ?? "");

    /// <summary>Writes an exception that a callback threw.</summary>
    public void WriteCallbackException(Exception exception)
    {
        if (_log is not null)
            _log.CallbackThrew(exception, name);
        else
            Trace.TraceError("DmIoUring: a completion callback threw: {0}", exception);
    }
}
