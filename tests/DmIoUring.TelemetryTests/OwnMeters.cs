using System.Diagnostics.Metrics;

namespace DmIoUring.TelemetryTests;

/// <summary>A factory as a host has it: one meter for each name.</summary>
internal sealed class OwnMeters : IMeterFactory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Meter> _meters = new(StringComparer.Ordinal);

    public Meter Create(MeterOptions options)
    {
        lock (_lock)
        {
            if (!_meters.TryGetValue(options.Name, out Meter? meter))
                _meters[options.Name] = meter = new Meter(options.Name, options.Version, options.Tags, scope: this);
            return meter;
        }
    }

    public void Dispose()
    {
        foreach (Meter meter in _meters.Values)
            meter.Dispose();
    }
}
