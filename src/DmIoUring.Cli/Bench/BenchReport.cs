using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>How a run ended and what it measured; its document.</summary>
internal sealed record BenchReport() : CommandReport("bench")
{
    public required CommandOutcome Outcome { get; init; }

    protected override int EndsWith => ExitCodeOf(Outcome);

    /// <summary>What was measured instead of this library; null for this library.</summary>
    public string? Peer => Settings.Peer;

    /// <summary>Requests that ended in the measured part.</summary>
    public long? Operations { get; init; }

    /// <summary>How long the measured part was.</summary>
    public double? Seconds { get; init; }

    public double? Iops { get; init; }

    /// <summary>Bytes a second, of the buffers: each leg of a write gets as many.</summary>
    public double? BwBytes { get; init; }

    /// <summary>Null without times.</summary>
    public BenchLatency? LatNs { get; init; }

    /// <summary>
    /// <see cref="Environment.CpuUsage"/>, which is getrusage(RUSAGE_SELF): all threads of this process, io_uring's workers among them,
    /// user and system; not the kernel's own threads, as those of a loop device.
    /// </summary>
    public double? CpuNsPerOp { get; init; }

    /// <summary>Of managed memory, by the whole process; null where another thread makes garbage, which is far more.</summary>
    public double? AllocatedBytesPerOp { get; init; }

    /// <summary>How much the other thread really allocated; null without one.</summary>
    public double? GarbageBytesPerSecond { get; init; }

    public BenchCollections? Gc { get; init; }

    /// <summary>Null where no ring carries the requests.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? IosPerEnter { get; init; }

    /// <summary>Entries of the measured part that the kernel gave to a worker, as far as the library knows; null for none.</summary>
    public long? WorkerEntries { get; init; }

    /// <summary>Transfers of the measured part that a lane, a reactor or a synchronous ring made itself, by system calls; null for none.</summary>
    public long? InlineTransfers { get; init; }

    /// <summary>Times in the measured part that a request waited because its device had as many chunks as it takes; null for none.</summary>
    public long? DeviceWaits { get; init; }

    /// <summary>What carried the requests.</summary>
    public string? Ring { get; init; }

    public string? Kernel { get; init; }

    /// <summary>Why files or buffers were not registered though that was asked for.</summary>
    public string? WhyNotFixed { get; init; }

    public IReadOnlyList<BenchDeviceReport>? Devices { get; init; }

    public BenchFailure? Failure { get; init; }

    public IReadOnlyList<Refusal>? Refusals { get; init; }

    public required BenchRequest Settings { get; init; }
}
