using Microsoft.Extensions.Logging;

namespace DmIoUring.Telemetry;

/// <summary>The log lines, of the category <c>DmIoUring</c>. The numbers are those of the events (<see cref="IoEvents"/>).</summary>
internal static partial class IoLog
{
    public const string Category = "DmIoUring";

    [LoggerMessage(
        IoEvents.RegionFailedId,
        LogLevel.Warning,
        "A {Operation} of {Device} at sector {Sector} ended as {Outcome}: {Error}, cause {Cause}; {Dropped} more since the last such line of this device")]
    public static partial void RegionFailed(
        this ILogger logger, string device, string operation, long sector, string error, string cause, string outcome, long dropped);

    [LoggerMessage(
        IoEvents.TransferRetriedId,
        LogLevel.Debug,
        "A transfer of {Device} at sector {Sector} is tried again after {Error}, attempt {Attempt}; {Dropped} more since the last such line of this device")]
    public static partial void TransferRetried(this ILogger logger, string device, long sector, string error, int attempt, long dropped);

    [LoggerMessage(IoEvents.ReserveWaitedId, LogLevel.Debug, "{Driver}: waited {Milliseconds} ms for {Reserve} of the reserve")]
    public static partial void ReserveWaited(this ILogger logger, string driver, string reserve, double milliseconds);

    [LoggerMessage(
        IoEvents.LaneStalledId,
        LogLevel.Warning,
        "{Driver}: lane {Lane} spent {Milliseconds} ms on one batch of completions; a callback blocked it. Callbacks must not wait: hand such work to another thread")]
    public static partial void LaneStalled(this ILogger logger, string driver, int lane, double milliseconds);

    [LoggerMessage(
        IoEvents.LaneBlockedId,
        LogLevel.Warning,
        "{Driver}: lane {Lane} has been in callbacks for {Seconds:0.0} s without a break, the last of a request on {Device}. Callbacks must not wait: hand such work to another thread")]
    public static partial void LaneBlocked(this ILogger logger, string driver, int lane, double seconds, string device);

    [LoggerMessage(IoEvents.FellBackId, LogLevel.Warning, "{Driver}: worker threads carry the I/O, slower, because io_uring is not available: {Reason}")]
    public static partial void FellBackToWorkers(this ILogger logger, string driver, string reason);

    [LoggerMessage(IoEvents.DisposeGaveUpId, LogLevel.Error, "{Driver}: {Report}")]
    public static partial void DisposeGaveUp(this ILogger logger, string driver, string report);

    [LoggerMessage(IoEvents.CallbackThrewId, LogLevel.Error, "{Driver}: a completion callback threw")]
    public static partial void CallbackThrew(this ILogger logger, Exception exception, string driver);

    [LoggerMessage(IoEvents.RingLostId, LogLevel.Error, "{Driver}: io_uring_enter answered {Error}; the ring is closed and replaced")]
    public static partial void RingLost(this ILogger logger, string driver, string error);

    [LoggerMessage(
        IoEvents.ReserveExhaustedId,
        LogLevel.Warning,
        "{Driver}: a submit has waited {Milliseconds} ms for one of {Reserved} reserved requests. {Unawaited} of them have ended and stay occupied until their ValueTask is awaited; the others are in flight")]
    public static partial void ReserveExhausted(this ILogger logger, string driver, double milliseconds, int reserved, long unawaited);
}
