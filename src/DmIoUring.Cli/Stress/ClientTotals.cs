namespace DmIoUring.Cli.Stress;

/// <summary>Statistics of several clients, added up.</summary>
internal sealed class ClientTotals
{
    public IoStatistics Sum { get; private set; } = new()
    {
        Requests = 0,
        Entries = 0,
        Enters = 0,
        ShortTransfers = 0,
        Retries = 0,
        DeviceWaits = 0,
        WorkerEntries = 0,
        InlineTransfers = 0,
        Flushes = 0,
        JoinedFlushes = 0,
        WakeUps = 0,
        DirectTransfers = 0,
        CallbackExceptions = 0,
        LongestDispatch = TimeSpan.Zero,
        Overdrafts = 0,
        SyncOverLane = 0,
        UnawaitedResults = 0,
    };

    public void Add(IoStatistics statistics) => Sum = new IoStatistics
    {
        Requests = Sum.Requests + statistics.Requests,
        Entries = Sum.Entries + statistics.Entries,
        Enters = Sum.Enters + statistics.Enters,
        ShortTransfers = Sum.ShortTransfers + statistics.ShortTransfers,
        Retries = Sum.Retries + statistics.Retries,
        DeviceWaits = Sum.DeviceWaits + statistics.DeviceWaits,
        WorkerEntries = Sum.WorkerEntries + statistics.WorkerEntries,
        InlineTransfers = Sum.InlineTransfers + statistics.InlineTransfers,
        Flushes = Sum.Flushes + statistics.Flushes,
        JoinedFlushes = Sum.JoinedFlushes + statistics.JoinedFlushes,
        WakeUps = Sum.WakeUps + statistics.WakeUps,
        DirectTransfers = Sum.DirectTransfers + statistics.DirectTransfers,
        CallbackExceptions = Sum.CallbackExceptions + statistics.CallbackExceptions,
        LongestDispatch = TimeSpan.FromTicks(Math.Max(Sum.LongestDispatch.Ticks, statistics.LongestDispatch.Ticks)),
        Overdrafts = Sum.Overdrafts + statistics.Overdrafts,
        SyncOverLane = Sum.SyncOverLane + statistics.SyncOverLane,
        UnawaitedResults = Sum.UnawaitedResults + statistics.UnawaitedResults,
    };
}
