using DmIoUring.Engine;
using DmIoUring.Simulation.Memory;

namespace DmIoUring.Simulation.Checks;

/// <summary>One request as its caller sees it.</summary>
internal sealed class ModelRequest(int id, IoOperation operation, IoFlags flags, IoPriority priority)
{
    public int Id => id;

    public IoOperation Operation => operation;

    public IoFlags Flags => flags;

    public IoPriority Priority => priority;

    public List<ModelRegion> Regions { get; } = [];

    /// <summary>The caller's memory; null where there is none.</summary>
    public SimulatedBuffer? Buffer { get; set; }

    /// <summary>The request's private copy, for a stable one.</summary>
    public SimulatedBuffer? Copy { get; set; }

    /// <summary>The buffer's bytes when the request was submitted.</summary>
    public byte[] Content { get; set; } = [];

    public IoReport? Report { get; set; }

    public IoFailureCause StopCause { get; set; }

    /// <summary>When the engine has to stop it; 0 for never.</summary>
    public long Deadline { get; set; }

    public CancellationTokenSource? Cancellation { get; set; }

    public bool IsStopAsked { get; set; }

    /// <summary>When it was submitted, in the model's own count.</summary>
    public long Since { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>Entries that the engine has issued and not seen the end of.</summary>
    public int InKernel { get; set; }

    /// <summary>Whether it may end, and must, while the kernel has something of it: it was stopped, and what the kernel has is its own.</summary>
    public bool MayBeAbandoned => StopCause != IoFailureCause.None && (Copy is not null || AsksForEmptyCopy);

    private bool AsksForEmptyCopy => (Flags & IoFlags.StableCopy) != 0 && Regions.TrueForAll(static region => region.Region.Count == 0);

    public void Stop(IoFailureCause cause)
    {
        StopCause = cause;
        foreach (ModelRegion region in Regions)
            region.Stop();
    }

    public override string ToString() => FormattableString.Invariant(
        $"request {Id} ({Operation}{(Flags == 0 ? "" : " " + Flags)}, {Buffer?.Kind.ToString() ?? "no"} buffer, {Regions.Count} regions)");
}
