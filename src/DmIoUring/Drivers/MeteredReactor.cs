using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Telemetry;

namespace DmIoUring.Drivers;

/// <summary>A reactor as its meter sees it.</summary>
/// <remarks>
/// It keeps the counters and nothing else: requests that are under way, and a handler of the options, may reference the reactor, which would then never be
/// found unreachable.
/// </remarks>
/// <param name="telemetry">The reactor's.</param>
/// <param name="counters">Its engine's.</param>
/// <param name="parts">The rest that is read of it; the reactor keeps them.</param>
/// <param name="usesWorkers">Whether worker threads carry out every entry.</param>
internal sealed class MeteredReactor(DriverTelemetry telemetry, EngineCounters counters, MeteredReactor.Parts parts, bool usesWorkers) : IMeteredDriver
{
    private readonly WeakReference<Parts> _parts = new(parts);

    public string Name => telemetry.Name;

    public void AddTo(DriverFigures figures)
    {
        EngineCounters sum = new();
        sum.Add(counters);
        MeteredEngines.AddTo(figures, sum, usesWorkers);
        if (!_parts.TryGetTarget(out Parts? parts))
            return;
        MeteredEngines.AddTo(figures, parts.Requests, parts.Reporter);
        if (parts.Pages is not null)
            MeteredEngines.AddTo(figures, parts.Pages);
    }

    /// <summary>Has the meter report it.</summary>
    public void Start() => telemetry.Instruments.Drivers.Add(this);

    /// <summary>Has the meter report it no more. Any number of times.</summary>
    public void End() => telemetry.Instruments.Drivers.Remove(this);

    /// <summary>Parts of a reactor.</summary>
    /// <param name="Requests">Its requests.</param>
    /// <param name="Pages">Its pages; null where they are another's, who reports them.</param>
    /// <param name="Reporter">Counts what its callbacks throw.</param>
    internal sealed record Parts(RequestPool Requests, PagePool? Pages, CallbackReporter Reporter);
}
