using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Telemetry;

namespace DmIoUring.Drivers;

/// <summary>What a client and a reactor have in common for their meter.</summary>
internal static class MeteredEngines
{
    public static void AddTo(DriverFigures figures, EngineCounters counters, bool usesWorkers)
    {
        figures.Add(DriverFigure.Entries, counters.Entries);
        figures.Add(DriverFigure.Enters, counters.Enters);
        figures.Add(DriverFigure.Retries, counters.Retries);
        figures.Add(DriverFigure.ShortTransfers, counters.ShortTransfers);
        figures.Add(DriverFigure.WorkerEntries, usesWorkers ? counters.Entries : counters.WorkerEntries);
        figures.Add(DriverFigure.ActiveRequests, counters.Active);
    }

    public static void AddTo(DriverFigures figures, RequestPool requests, CallbackReporter reporter)
    {
        figures.Add(DriverFigure.CallbackExceptions, reporter.Count);
        figures.Add(DriverFigure.Overdrafts, requests.Overdrafts);
        figures.Add(DriverFigure.RequestWaiters, requests.Waiting);
    }

    public static void AddTo(DriverFigures figures, PagePool pages)
    {
        PagePoolCounters seen = pages.SeenCounters;
        figures.Add(DriverFigure.ReservedPages, seen.Reserved);
        figures.Add(DriverFigure.RentedPages, seen.Rented);
        figures.Add(DriverFigure.PageWaiters, seen.Waiting);
    }
}
