namespace DmIoUring.Cli.Copy;

/// <summary>How a copy ended; its document.</summary>
internal sealed record CopyReport() : CommandReport("copy")
{
    public required CommandOutcome Outcome { get; init; }

    protected override int EndsWith => ExitCodeOf(Outcome);

    public required string Source { get; init; }

    /// <summary>The source's size.</summary>
    public long? Bytes { get; init; }

    /// <summary>From the beginning of the source on, what was tried before the copy ended.</summary>
    public long? ReachedBytes { get; init; }

    /// <summary>What was read and given to the destinations: <see cref="ReachedBytes"/> without what was there already, and without what could not be read.</summary>
    public long? CopiedBytes { get; init; }

    /// <summary>
    /// What --resume takes to go on with the same destinations: what is before it is on all of them, also on those that failed. Null where all was tried, and where every
    /// destination failed.
    /// </summary>
    public long? ResumeSector { get; init; }

    /// <summary>Bit i is destination i: the write, the flush or the comparison failed.</summary>
    public RegionBitsReport? Failed { get; init; }

    /// <summary>Bit i is destination i: it can't do what was asked.</summary>
    public RegionBitsReport? Unsupported { get; init; }

    public double? CopySeconds { get; init; }

    public double? BytesPerSecond { get; init; }

    public CopyFailure? SourceFailure { get; init; }

    /// <summary>What could not be read: the destinations have what they had there, or zeroes with --on-error zero.</summary>
    public IReadOnlyList<SectorRange>? NotCopied { get; init; }

    public IReadOnlyList<DestinationReport>? Destinations { get; init; }

    public IReadOnlyList<Refusal>? Refusals { get; init; }
}
