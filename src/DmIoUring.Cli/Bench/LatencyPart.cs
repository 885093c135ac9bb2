using HdrHistogram;

namespace DmIoUring.Cli.Bench;

/// <summary>What one thread has recorded, for each target: a histogram has one writer.</summary>
internal sealed class LatencyPart
{
    public LatencyPart(LatencyRecorder owner, int targets)
    {
        Owner = owner;
        Histograms = [.. Enumerable.Range(0, targets).Select(static _ => LatencyRecorder.MakeHistogram())];

        // The first time allocates.
        foreach (LongHistogram histogram in Histograms)
        {
            histogram.RecordValue(1);
            histogram.Reset();
        }
    }

    public LatencyRecorder Owner { get; }

    public LongHistogram[] Histograms { get; }
}
