using DmIoUring.Drivers;

namespace DmIoUring;

/// <content>What its meter reports.</content>
public sealed partial class DmIoClient
{
    private readonly MeteredClient _metered;

    /// <summary>What each lane does now. Any thread, callbacks included; waits for nobody, so it tells of a lane that is blocked, too.</summary>
    /// <returns>The lanes in order.</returns>
    public IReadOnlyList<IoLaneStatus> GetLaneStatus() =>
        Array.ConvertAll(_lanes, static lane => new IoLaneStatus(lane.Index, lane.Counters.Active, lane.DispatchingFor, lane.LastDevice));

    private MeteredClient StartMeter()
    {
        if (_rings.Capabilities.RefusalReason is { } reason)
            _telemetry.FellBackToWorkers(reason);
        MeteredClient metered = new(_telemetry, _lanes, _syncRings, _pool, _pagePool, _reporter, _rings.UsesWorkers);
        metered.Start();
        return metered;
    }
}
