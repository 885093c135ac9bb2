namespace DmIoUring.SideBySide.Results;

/// <summary>The names of what is measured.</summary>
internal static class Metric
{
    public const string Operations = "operations";
    public const string Iops = "iops";
    public const string P50 = "lat_ns.p50";
    public const string P99 = "lat_ns.p99";
    public const string P999 = "lat_ns.p99_9";
    public const string Cpu = "cpu_ns_per_op";
    public const string Allocated = "allocated_bytes_per_op";
    public const string EntriesPerEnter = "ios_per_enter";
    public const string Garbage = "garbage_bytes_per_second";
    public const string Collections = "gc.gen0";
    public const string Pause = "gc.pause_ns";
    public const string EngineCost = "cost_ns";
    public const string BeyondPool = "beyond_pool_bytes";
    public const string Flushes = "flushes";
    public const string ReactorTime = "reactor.total_ratio";
    public const string LaneTime = "lane.registration_ratio";
    public const string ReactorPinned = "reactor.pinned_ratio";
    public const string LanePinned = "lane.pinned_ratio";
    public const string FirstRead = "warm_first_read_ms";
    public const string ColdFirstRead = "cold_first_read_ms";
    public const string PerRegion = "regions.";
    public const string PerDepth = "depths.";
}
