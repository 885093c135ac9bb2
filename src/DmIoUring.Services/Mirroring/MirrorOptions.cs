namespace DmIoUring.Services;

/// <summary>How a <see cref="MirrorDevice"/> works.</summary>
public sealed record MirrorOptions
{
    /// <summary>Which leg a read goes to first.</summary>
    public MirrorReadPolicy ReadPolicy { get; init; }

    /// <summary>
    /// Whether the sectors that a leg could not read are written again from a leg that could: drives replace a bad sector when it is written. A leg that fails this write
    /// is out of sync.
    /// </summary>
    public bool RepairReads { get; init; } = true;

    /// <summary>
    /// After how much time without a write a region is clean again, so that it need not be copied after a crash. At least that long and up to twice as long.
    /// <see cref="Timeout.InfiniteTimeSpan"/>: only when the mirror is disposed.
    /// </summary>
    public TimeSpan CleanAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Called when a leg's state changes: on the thread pool, in order, never two at once. It may block and may use the mirror, but not dispose it. An exception in it is traced.</summary>
    public Action<MirrorLegChange>? LegChanged { get; init; }

    /// <summary>The clock of <see cref="CleanAfter"/>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate(string parameter)
    {
        if (!Enum.IsDefined(ReadPolicy))
            throw new ArgumentException($"ReadPolicy {(int)ReadPolicy} is none of LeastBusy, First and RoundRobin.", parameter);
        if (CleanAfter != Timeout.InfiniteTimeSpan && (CleanAfter < TimeSpan.FromMilliseconds(1) || CleanAfter > TimeSpan.FromDays(1)))
            throw new ArgumentException($"CleanAfter {CleanAfter} is not 1 ms to 1 day, nor Timeout.InfiniteTimeSpan.", parameter);
        if (TimeProvider is null)
            throw new ArgumentException("TimeProvider is null.", parameter);
    }
}
