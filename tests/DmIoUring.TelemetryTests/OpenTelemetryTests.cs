using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace DmIoUring.TelemetryTests;

/// <summary>As a program sees it that exports with OpenTelemetry.</summary>
public sealed class OpenTelemetryTests
{
    [Fact]
    public void TheProcessesOwnMeter_IsExported()
    {
        List<Metric> exported = [];
        using MeterProvider provider = Sdk.CreateMeterProviderBuilder().AddMeter("DmIoUring").AddInMemoryExporter(exported).Build();
        using OpenFile file = new();
        using IoMemory data = IoMemory.Allocate(4096);
        using DmIoClient client = new(new DmIoOptions { Name = "exported" });
        for (int i = 0; i < 5; i++)
            Assert.True(client.WriteAsync(file.Region(0, 8), data).AsTask().Result.IsSuccess);
        Assert.False(client.ReadAsync(file.Region(4096, 8), data).AsTask().Result.IsSuccess);
        provider.ForceFlush();

        Assert.Equal(5 * 4096, Sum(exported, "dmio.disk.io", ("system.device", file.Path), ("dmio.operation", "write")));
        Assert.Equal(5, Sum(exported, "dmio.disk.operations", ("system.device", file.Path), ("dmio.operation", "write")));
        Assert.Equal(1, Sum(exported, "dmio.region.failures", ("system.device", file.Path), ("error.type", "EIO"), ("dmio.cause", "beyond_end")));
        Assert.Equal(client.Statistics.Entries, Sum(exported, "dmio.ring.entries", ("dmio.driver", "exported")));
        (long count, double[] bounds) = Histogram(exported, "dmio.disk.operation.duration", ("system.device", file.Path));
        Assert.Equal(5, count);
        Assert.Equal((10e-6, 10), (bounds[0], bounds[^2]));
        Assert.Equal(double.PositiveInfinity, bounds[^1]);
        Assert.Equal(6, Points(exported, "dmio.request.duration", ("dmio.driver", "exported")).Sum(static point => point.GetHistogramCount()));
    }

    private static List<MetricPoint> Points(List<Metric> exported, string name, params (string Key, string Value)[] tags)
    {
        List<MetricPoint> points = [];

        // Of every meter of that name: tests beside this one have meters of their own.
        foreach (Metric metric in exported.Where(metric => string.Equals(metric.Name, name, StringComparison.Ordinal)).Distinct())
        {
            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
            {
                Dictionary<string, object?> own = [];
                foreach (KeyValuePair<string, object?> tag in point.Tags)
                    own[tag.Key] = tag.Value;
                if (tags.All(tag => Equals(own.GetValueOrDefault(tag.Key), tag.Value)))
                    points.Add(point);
            }
        }

        return points;
    }

    private static long Sum(List<Metric> exported, string name, params (string Key, string Value)[] tags) =>
        Points(exported, name, tags).Sum(static point => point.GetSumLong());

    private static (long Count, double[] Bounds) Histogram(List<Metric> exported, string name, params (string Key, string Value)[] tags)
    {
        MetricPoint point = Points(exported, name, tags).Single();
        List<double> bounds = [];
        foreach (HistogramBucket bucket in point.GetHistogramBuckets())
            bounds.Add(bucket.ExplicitBound);
        return (point.GetHistogramCount(), [.. bounds]);
    }
}
