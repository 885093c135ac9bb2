namespace DmIoUring.Cli.Bench;

/// <summary>What the garbage collector did in the measured part.</summary>
internal sealed class BenchCollections(GarbageCounts counts)
{
    /// <summary>Collections of any generation: an older one collects the younger ones too.</summary>
    public int Gen0 { get; } = counts.Gen0;

    public int Gen1 { get; } = counts.Gen1;

    public int Gen2 { get; } = counts.Gen2;

    /// <summary>How long every managed thread was stopped, in all.</summary>
    public double PauseNs { get; } = counts.Pause.TotalNanoseconds;
}
