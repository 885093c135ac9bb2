namespace DmIoUring.Telemetry;

/// <summary>What is read of a client or a reactor for its metrics. The first ones only grow, and stay in the sum when their driver has ended.</summary>
internal enum DriverFigure
{
    Entries,
    Enters,
    Retries,
    ShortTransfers,
    WorkerEntries,
    CallbackExceptions,
    Overdrafts,

    /// <summary>Requests that an engine has and that have not ended.</summary>
    ActiveRequests,
    ReservedPages,
    RentedPages,
    PageWaiters,
    RequestWaiters,

    /// <summary>Ticks of the stopwatch; the largest counts, not the sum.</summary>
    LongestDispatch,
}
