using DmIoUring.Drivers;
using DmIoUring.Rings;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>Rings without a kernel.</summary>
internal sealed class NopRingSource : TypedRingSource<NopRing>
{
    public override IoCapabilities Capabilities { get; } = new("no-op", "no kernel", []);

    public override void Dispose()
    {
    }

    protected override NopRing Make(int capacity, in RingPlan plan) => new(capacity);
}
