using DmIoUring.Engine;
using DmIoUring.Rings;

namespace DmIoUring.Drivers;

/// <summary>Makes a driver's rings, of any kind.</summary>
internal abstract class RingSource : IDisposable
{
    /// <summary>What the rings support; complete once the first was made.</summary>
    public abstract IoCapabilities Capabilities { get; }

    /// <summary>The errno with which these rings refuse every registration; null where they don't.</summary>
    public virtual int? RegistrationAnswer => null;

    /// <summary>Whether a thread with a ring of its own needs no other thread of this process: only then may waiting awake beat a system call.</summary>
    public virtual bool NeedsNoThread => true;

    /// <summary>Whose devices the rings serve (<see cref="BlockDevice.Home"/>); null for those of the kernel, on which system calls work, too.</summary>
    public virtual object? Home => null;

    /// <summary>Whether worker threads carry out every entry.</summary>
    public virtual bool UsesWorkers => false;

    /// <summary>Makes an engine with its own ring. The thread that enables it owns it.</summary>
    /// <param name="capacity">The most chunks in flight.</param>
    /// <param name="settings">The engine's settings.</param>
    /// <exception cref="IoUringUnavailableException">The host has no such ring, or gives no more.</exception>
    public abstract IoEngine MakeEngine(int capacity, EngineSettings settings);

    /// <summary>Makes no more rings; existing ones stay usable.</summary>
    public abstract void Dispose();
}

/// <summary>The part of a source that depends on its kind of ring.</summary>
internal abstract class TypedRingSource<TRing> : RingSource
    where TRing : struct, IRing
{
    public override IoEngine MakeEngine(int capacity, EngineSettings settings) =>
        new IoEngine<TRing>(Make(capacity, settings.Ring), settings, () => Make(capacity, settings.Ring));

    /// <summary>Makes a ring. The thread that enables it owns it.</summary>
    protected abstract TRing Make(int capacity, in RingPlan plan);
}
