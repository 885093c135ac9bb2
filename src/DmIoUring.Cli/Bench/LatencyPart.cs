using HdrHistogram;

namespace DmIoUring.Cli.Bench;

/// <summary>What one thread has recorded: a histogram has one writer.</summary>
internal sealed class LatencyPart(LatencyRecorder owner)
{
    public LatencyRecorder Owner { get; } = owner;

    public LongHistogram Histogram { get; } = LatencyRecorder.MakeHistogram();
}
