using HdrHistogram;
using HdrHistogram.Iteration;

namespace DmIoUring.Cli.Bench;

/// <summary>A histogram in few buckets, each about the same factor wider than the one before, at round numbers.</summary>
internal static class LatencyBuckets
{
    private const int MostBuckets = 24;
    private static readonly double[] Fine = [1, 1.5, 2, 3, 5, 7];
    private static readonly double[] Coarse = [1, 2, 5];

    /// <summary>The buckets from the first with anything in it to the last, empty ones between them included.</summary>
    public static IReadOnlyList<LatencyBucket> Of(HistogramBase histogram)
    {
        List<LatencyBucket> buckets = Of(histogram, Fine);
        return buckets.Count <= MostBuckets ? buckets : Of(histogram, Coarse);
    }

    private static List<LatencyBucket> Of(HistogramBase histogram, double[] steps)
    {
        List<LatencyBucket> buckets = [];
        (long from, long to, long count) = (0, 1, 0);
        int next = 1;
        foreach (HistogramIterationValue value in histogram.RecordedValues())
        {
            while (value.ValueIteratedTo >= to)
            {
                if (count > 0 || buckets.Count > 0)
                    buckets.Add(new LatencyBucket(from, to, count));
                (from, to, count) = (to, Edge(steps, next++), 0);
            }

            count += value.CountAddedInThisIterationStep;
        }

        if (count > 0)
            buckets.Add(new LatencyBucket(from, to, count));
        return buckets;
    }

    /// <summary>Steps of less than a nanosecond are none, so that the first decade is in whole ones.</summary>
    private static long Edge(double[] steps, int index) => (long)Math.Ceiling(steps[index % steps.Length] * Math.Pow(10, index / steps.Length));
}
