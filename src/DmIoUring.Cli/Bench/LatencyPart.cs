using HdrHistogram;

namespace DmIoUring.Cli.Bench;

/// <summary>What one thread has recorded, for each target: a histogram has one writer.</summary>
internal sealed class LatencyPart(LatencyRecorder owner, int targets)
{
    private readonly LongHistogram?[] _histograms = new LongHistogram?[targets];

    public LatencyRecorder Owner { get; } = owner;

    /// <summary>A target's; null where <see cref="Prepare"/> made none.</summary>
    public LongHistogram? this[int target] => _histograms[target];

    public void Prepare(int target) => _histograms[target] ??= LatencyRecorder.MakeHistogram();
}
