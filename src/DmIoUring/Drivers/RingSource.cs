using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>Where a driver's rings come from, whichever kind they are.</summary>
internal abstract class RingSource : IDisposable
{
    /// <summary>What the rings can do; complete once the first was made.</summary>
    public abstract IoCapabilities Capabilities { get; }

    /// <summary>What registering anything with these rings is answered, as an errno; null where each must be asked.</summary>
    public virtual int? RegistrationAnswer => null;

    /// <summary>Makes an engine on a ring of its own, for the thread that will enable it.</summary>
    /// <param name="capacity">Chunks under way at once.</param>
    /// <param name="settings">How it works.</param>
    /// <exception cref="IoUringUnavailableException">The host has no such ring, or none more.</exception>
    public abstract IoEngine MakeEngine(int capacity, EngineSettings settings);

    /// <summary>No more rings are made; those that were made go on.</summary>
    public abstract void Dispose();
}

/// <summary>The half of a source that is compiled for its kind of ring.</summary>
internal abstract class TypedRingSource<TRing> : RingSource
    where TRing : struct, IRing
{
    public override IoEngine MakeEngine(int capacity, EngineSettings settings) =>
        new IoEngine<TRing>(Make(capacity, settings.Ring), settings, () => Make(capacity, settings.Ring));

    /// <summary>Makes a ring for the thread that will enable it.</summary>
    protected abstract TRing Make(int capacity, in RingPlan plan);
}
