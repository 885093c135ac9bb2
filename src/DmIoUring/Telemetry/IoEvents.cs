using System.Diagnostics.Tracing;

namespace DmIoUring.Telemetry;

/// <summary>What is rare, for dotnet-trace and the like: the event source <c>DmIoUring</c>. The numbers are those of the log lines (<see cref="IoLog"/>).</summary>
[EventSource(Name = "DmIoUring")]
internal sealed class IoEvents : EventSource
{
    public const int RegionFailedId = 1;
    public const int TransferRetriedId = 2;
    public const int ReserveWaitedId = 3;
    public const int LaneStalledId = 4;
    public const int FellBackId = 5;
    public const int DisposeGaveUpId = 6;
    public const int CallbackThrewId = 7;
    public const int RingLostId = 8;
    public const int ReserveExhaustedId = 9;
    public const int LaneBlockedId = 10;

    public static readonly IoEvents Log = new();

    private IoEvents()
    {
    }

    [Event(RegionFailedId, Level = EventLevel.Warning)]
    public void RegionFailed(string device, string operation, long sector, string error, string cause, string outcome)
    {
        if (IsEnabled(EventLevel.Warning, EventKeywords.None))
            WriteEvent(RegionFailedId, [device, operation, sector, error, cause, outcome]);
    }

    [Event(TransferRetriedId, Level = EventLevel.Informational)]
    public void TransferRetried(string device, long sector, string error, int attempt)
    {
        if (IsEnabled(EventLevel.Informational, EventKeywords.None))
            WriteEvent(TransferRetriedId, [device, sector, error, attempt]);
    }

    [Event(ReserveWaitedId, Level = EventLevel.Informational)]
    public void ReserveWaited(string driver, string reserve, double milliseconds)
    {
        if (IsEnabled(EventLevel.Informational, EventKeywords.None))
            WriteEvent(ReserveWaitedId, [driver, reserve, milliseconds]);
    }

    [Event(LaneStalledId, Level = EventLevel.Warning)]
    public void LaneStalled(string driver, int lane, double milliseconds)
    {
        if (IsEnabled(EventLevel.Warning, EventKeywords.None))
            WriteEvent(LaneStalledId, [driver, lane, milliseconds]);
    }

    [Event(FellBackId, Level = EventLevel.Warning)]
    public void FellBackToWorkers(string driver, string reason)
    {
        if (IsEnabled(EventLevel.Warning, EventKeywords.None))
            WriteEvent(FellBackId, [driver, reason]);
    }

    [Event(DisposeGaveUpId, Level = EventLevel.Error)]
    public void DisposeGaveUp(string driver, double milliseconds, int requests, int blockedLanes)
    {
        if (IsEnabled(EventLevel.Error, EventKeywords.None))
            WriteEvent(DisposeGaveUpId, [driver, milliseconds, requests, blockedLanes]);
    }

    [Event(CallbackThrewId, Level = EventLevel.Error)]
    public void CallbackThrew(string driver, string exception)
    {
        if (IsEnabled(EventLevel.Error, EventKeywords.None))
            WriteEvent(CallbackThrewId, [driver, exception]);
    }

    [Event(RingLostId, Level = EventLevel.Error)]
    public void RingLost(string driver, string error)
    {
        if (IsEnabled(EventLevel.Error, EventKeywords.None))
            WriteEvent(RingLostId, [driver, error]);
    }

    [Event(ReserveExhaustedId, Level = EventLevel.Warning)]
    public void ReserveExhausted(string driver, int reserved, long unawaited, double milliseconds)
    {
        if (IsEnabled(EventLevel.Warning, EventKeywords.None))
            WriteEvent(ReserveExhaustedId, [driver, reserved, unawaited, milliseconds]);
    }

    [Event(LaneBlockedId, Level = EventLevel.Warning)]
    public void LaneBlocked(string driver, int lane, double milliseconds, string device)
    {
        if (IsEnabled(EventLevel.Warning, EventKeywords.None))
            WriteEvent(LaneBlockedId, [driver, lane, milliseconds, device]);
    }
}
