using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Telemetry;

namespace DmIoUring.Drivers;

/// <summary>A client as its meter sees it.</summary>
internal sealed class MeteredClient(
    DriverTelemetry telemetry, Lane[] lanes, SyncRings syncRings, RequestPool requests, PagePool pages, CallbackReporter reporter, bool usesWorkers) : IMeteredDriver
{
    public string Name => telemetry.Name;

    public void AddTo(DriverFigures figures)
    {
        EngineCounters sum = new();
        syncRings.AddTo(sum);
        foreach (Lane lane in lanes)
        {
            sum.Add(lane.Counters);
            figures.Add(DriverFigure.LongestDispatch, lane.LongestDispatchTicks);
        }

        MeteredEngines.AddTo(figures, sum, usesWorkers);
        MeteredEngines.AddTo(figures, requests, reporter);
        MeteredEngines.AddTo(figures, pages);
    }

    /// <summary>Has the meter report it until all lanes have ended, and the callbacks that they have handed over.</summary>
    public void Start()
    {
        telemetry.Instruments.Drivers.Add(this);
        StallWatch.Add(this);
        telemetry.AfterLanes(lanes.Length, requests.HandOver is not null, End);
    }

    /// <summary>Tells of lanes that a callback blocks. Any thread.</summary>
    /// <returns>Whether anybody may want to know.</returns>
    public bool TellStalls()
    {
        if (!telemetry.HasStallListener)
            return false;
        foreach (Lane lane in lanes)
            lane.TellStall();
        return true;
    }

    /// <summary>Has the meter report it no more. All lanes must have ended. Any number of times.</summary>
    public void End()
    {
        StallWatch.Remove(this);
        telemetry.Instruments.Drivers.Remove(this);
    }
}
