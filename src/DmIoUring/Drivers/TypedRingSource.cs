using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>The half of a source that is compiled for its kind of ring.</summary>
internal abstract class TypedRingSource<TRing> : RingSource
    where TRing : struct, IRing
{
    public override IoEngine MakeEngine(int capacity, EngineSettings settings) =>
        new IoEngine<TRing>(Make(capacity, settings.Ring), settings, () => Make(capacity, settings.Ring));

    /// <summary>Makes a ring for the thread that will enable it.</summary>
    protected abstract TRing Make(int capacity, in RingPlan plan);
}
