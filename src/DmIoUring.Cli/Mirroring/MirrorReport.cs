namespace DmIoUring.Cli.Mirroring;

/// <summary>What was done with a mirror, and what it is now; its document.</summary>
internal sealed record MirrorReport() : CommandReport("mirror")
{
    public required MirrorAction Action { get; init; }

    public required CommandOutcome Outcome { get; init; }

    /// <summary>A look at a mirror says what the mirror is worth; a change of it, how the change ended.</summary>
    protected override int EndsWith => (Outcome, Action, State) switch
    {
        (CommandOutcome.Complete, MirrorAction.Status, MirrorHealth.Unusable) => Cli.ExitCode.Refused,
        (CommandOutcome.Complete, MirrorAction.Status, MirrorHealth.Degraded) => Cli.ExitCode.DeviceFailed,
        _ => ExitCodeOf(Outcome),
    };

    /// <summary>What the mirror is worth, as its metadata has it.</summary>
    public MirrorHealth? State { get; init; }

    public Guid? Id { get; init; }

    /// <summary>The mirror's size.</summary>
    public long? Bytes { get; init; }

    public long? RegionBytes { get; init; }

    public long? Regions { get; init; }

    /// <summary>Regions that may differ between the legs, by the log.</summary>
    public long? DirtyRegions { get; init; }

    /// <summary>Whether its data has checksums.</summary>
    public bool? HasChecksums { get; init; }

    /// <summary>How often the legs' states were recorded.</summary>
    public long? Changes { get; init; }

    public IReadOnlyList<MirrorLegReport>? Legs { get; init; }

    /// <summary>Devices that were named and can't be used as legs.</summary>
    public IReadOnlyList<MirrorDeviceReport>? Unusable { get; init; }

    public MirrorResyncReport? Resync { get; init; }

    /// <summary>What went wrong after something was written.</summary>
    public string? Failure { get; init; }

    public IReadOnlyList<Refusal>? Refusals { get; init; }
}
