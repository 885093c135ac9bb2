using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// What the user asked for, and what holds where nothing was said; the report's settings. What is null in the report has no
/// meaning in this run, and is refused when it was asked for (<see cref="BenchRules"/>).
/// </summary>
internal sealed record BenchRequest
{
    public const int DefaultBlockBytes = 4096;
    public const int MaxBlockBytes = 256 << 20;
    public const int MaxJobs = 64;
    public const int MaxWorkerThreads = 256;
    public const long MaxGarbageRate = 64L << 30;
    public const long MaxRate = 100_000_000;
    public static readonly TimeSpan DefaultRuntime = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan DefaultRamp = TimeSpan.FromSeconds(1);

    /// <summary>What runs instead of this library, which has no driver, engine or memory of its kind then; null for this library.</summary>
    [JsonIgnore]
    public string? Peer { get; init; }

    /// <summary>The devices or files; several are the legs of one write, unless <see cref="PerDevice"/>.</summary>
    [JsonPropertyName("filename")]
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Whether each device has jobs and a depth of its own, all at the same time.</summary>
    public bool PerDevice { get; init; }

    /// <summary>How many places there are that have jobs of their own.</summary>
    [JsonIgnore]
    public int TargetCount => PerDevice ? Paths.Count : 1;

    [JsonPropertyName("rw")]
    public BenchPattern Pattern { get; init; }

    [JsonIgnore]
    public int? AskedReadPercent { get; init; }

    /// <summary>How many of a hundred requests are reads, in a mix.</summary>
    [JsonPropertyName("rwmixread")]
    public int? ReadPercent => Pattern == BenchPattern.RandRw ? AskedReadPercent ?? 50 : null;

    [JsonPropertyName("bs")]
    public int BlockBytes { get; init; } = DefaultBlockBytes;

    /// <summary>How much of each device is used; null for as much as the smallest has.</summary>
    public long? Size { get; init; }

    [JsonIgnore]
    public int? AskedDepth { get; init; }

    /// <summary>Requests that each job has under way, on each of several devices.</summary>
    [JsonPropertyName("iodepth")]
    public int Depth => AskedDepth ?? (Driver == BenchDriver.Sync ? 1 : 128);

    [JsonIgnore]
    public int? AskedBatch { get; init; }

    /// <summary>How many are handed over at once, and how many ends are waited for at once.</summary>
    public int? Batch =>
        Rate is null && (Driver == BenchDriver.Reactor || Submit == BenchSubmit.Thread) ? AskedBatch ?? Math.Min(32, Depth) : null;

    /// <summary>
    /// Requests a second of all jobs, submitted when they are due; null to submit the next when one has ended. Times count from when a request was due.
    /// </summary>
    [JsonPropertyName("rate_iops")]
    public long? Rate { get; init; }

    [JsonPropertyName("numjobs")]
    public int Jobs { get; init; } = 1;

    [JsonIgnore]
    public TimeSpan Runtime { get; init; } = DefaultRuntime;

    [JsonPropertyName("runtime_seconds")]
    public double RuntimeSeconds => Runtime.TotalSeconds;

    /// <summary>How long it runs before the measuring starts.</summary>
    [JsonIgnore]
    public TimeSpan Ramp { get; init; } = DefaultRamp;

    [JsonPropertyName("ramp_seconds")]
    public double RampSeconds => Ramp.TotalSeconds;

    [JsonIgnore]
    public BenchMemory? AskedMemory { get; init; }

    /// <summary>What the requests' buffers are.</summary>
    [JsonIgnore]
    public BenchMemory Memory => AskedMemory ?? (Engine.Fixed ? BenchMemory.Pool : BenchMemory.Pointer);

    [JsonPropertyName("mem")]
    public BenchMemory? MemoryHere => Peer is null ? Memory : null;

    [JsonIgnore]
    public BenchDriver Driver { get; init; }

    [JsonPropertyName("driver")]
    public BenchDriver? DriverHere => Peer is null ? Driver : null;

    [JsonIgnore]
    public BenchCompletion? AskedCompletion { get; init; }

    [JsonIgnore]
    public BenchCompletion? Completion => Driver == BenchDriver.Lane ? AskedCompletion ?? BenchCompletion.Callback : null;

    [JsonPropertyName("completion")]
    public BenchCompletion? CompletionHere => Peer is null ? Completion : null;

    [JsonIgnore]
    public BenchSubmit? AskedSubmit { get; init; }

    [JsonIgnore]
    public BenchSubmit? Submit => Completion == BenchCompletion.Callback ? AskedSubmit ?? (Rate is null ? BenchSubmit.Callback : BenchSubmit.Thread) : null;

    [JsonPropertyName("submit")]
    public BenchSubmit? SubmitHere => Peer is null ? Submit : null;

    /// <summary>Whether every request is timed.</summary>
    [JsonPropertyName("lat")]
    public bool Latency { get; init; } = true;

    /// <summary>Bytes a second that another thread allocates meanwhile; null for no such thread.</summary>
    [JsonPropertyName("garbage")]
    public long? GarbageRate { get; init; }

    public ulong Seed { get; init; }

    /// <summary>Whether every write is on the medium when it ends.</summary>
    public bool Durable { get; init; }

    /// <summary>The flags of every write.</summary>
    [JsonIgnore]
    public IoFlags WriteFlags => Durable ? IoFlags.Fua : IoFlags.None;

    /// <summary>Whether what is on the devices may be destroyed.</summary>
    public bool Destroy { get; init; }

    /// <summary>Whether devices that are mounted or claimed are written all the same.</summary>
    public bool Force { get; init; }

    [JsonIgnore]
    public EngineSettings Engine { get; init; } = new();

    [JsonPropertyName("engine")]
    public EngineSettings? EngineHere => Peer is null ? Engine : null;

    [JsonIgnore]
    public bool Writes => Pattern is BenchPattern.Write or BenchPattern.RandWrite or BenchPattern.RandRw;

    [JsonIgnore]
    public bool Reads => Pattern is BenchPattern.Read or BenchPattern.RandRead or BenchPattern.RandRw;

    [JsonIgnore]
    public bool IsRandom => Pattern is BenchPattern.RandRead or BenchPattern.RandWrite or BenchPattern.RandRw;
}
