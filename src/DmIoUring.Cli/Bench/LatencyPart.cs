using HdrHistogram;

namespace DmIoUring.Cli.Bench;

/// <summary>What one thread has recorded: a histogram has one writer.</summary>
internal sealed class LatencyPart
{
    public LatencyPart(LatencyRecorder owner)
    {
        Owner = owner;
        Histogram = LatencyRecorder.MakeHistogram();

        // The first time allocates.
        Histogram.RecordValue(1);
        Histogram.Reset();
    }

    public LatencyRecorder Owner { get; }

    public LongHistogram Histogram { get; }
}
