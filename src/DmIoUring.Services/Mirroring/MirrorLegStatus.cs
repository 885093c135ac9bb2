using System.Globalization;

namespace DmIoUring.Services;

/// <summary>One leg of a <see cref="MirrorDevice"/> at one moment. The counters begin when the mirror is opened or the leg's device is exchanged.</summary>
public sealed record MirrorLegStatus
{
    internal MirrorLegStatus()
    {
    }

    /// <summary>Its index, 0 to 63: its bit in <see cref="MirrorResult.Legs"/>.</summary>
    public required int Index { get; init; }

    /// <summary>Its device; <see langword="null"/> where <see cref="State"/> is <see cref="MirrorLegState.Missing"/>.</summary>
    public required BlockDevice? Device { get; init; }

    /// <summary>Its state.</summary>
    public required MirrorLegState State { get; init; }

    /// <summary>Whether a resync copies all of it, and not only the regions that were written while it was away.</summary>
    public bool NeedsFullResync { get; init; }

    /// <summary>Why it is not in sync: the failure, or words.</summary>
    public string? Reason { get; init; }

    /// <summary>Reads that it carried out.</summary>
    public long Reads { get; init; }

    /// <summary>Reads that it failed.</summary>
    public long FailedReads { get; init; }

    /// <summary>Reads that it answered with other data than was written, which only <see cref="MirrorCreateOptions.Checksums"/> find.</summary>
    public long CorruptReads { get; init; }

    /// <summary>Failed and corrupt reads whose sectors were written again from another leg.</summary>
    public long Repairs { get; init; }

    /// <summary>Writes, discards, zeroes and flushes that it failed.</summary>
    public long FailedWrites { get; init; }

    /// <summary>Human-readable: <c>leg 1 /dev/sdb: OutOfSync (region 1, sector 4096: EIO)</c>.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"leg {Index} {Device?.Path ?? "(no device)"}: {State}{(Reason is null ? "" : $" ({Reason})")}");
}
