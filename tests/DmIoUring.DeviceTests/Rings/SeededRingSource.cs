using DmIoUring.Drivers;
using DmIoUring.Rings;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>Rings for a client whose kernel is seeded, each ring by a number of its own.</summary>
internal sealed class SeededRingSource(int seed) : TypedRingSource<SeededRing>
{
    private int _rings;

    public override IoCapabilities Capabilities { get; } = new("seeded", "none", []);

    public override void Dispose()
    {
    }

    protected override SeededRing Make(int capacity, in RingPlan plan) => new(new SeededKernel(HashCode(Interlocked.Increment(ref _rings)), capacity));

    /// <summary>Not System.HashCode, whose seed is another one in each process.</summary>
    private int HashCode(int ring) => unchecked((seed * 31) + (ring * 7919));
}
