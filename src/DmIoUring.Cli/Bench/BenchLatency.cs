using System.Text.Json.Serialization;
using HdrHistogram;

namespace DmIoUring.Cli.Bench;

/// <summary>The times from a request's submission to its end, in nanoseconds, to three digits.</summary>
internal sealed class BenchLatency(HistogramBase histogram)
{
    [JsonIgnore]
    public HistogramBase Histogram { get; } = histogram;

    public double Mean { get; } = histogram.GetMean();

    public long P50 { get; } = histogram.GetValueAtPercentile(50);

    public long P99 { get; } = histogram.GetValueAtPercentile(99);

    [JsonPropertyName("p99_9")]
    public long P999 { get; } = histogram.GetValueAtPercentile(99.9);

    public long Max { get; } = histogram.GetMaxValue();
}
