using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// How the library's engine is set up. One more option of it is a property here, a line in <see cref="Common"/> and one in
/// <see cref="Commands.EngineOptions"/>.
/// </summary>
internal sealed record EngineSettings
{
    public BenchRing Ring { get; init; }

    /// <summary>Whether files and memory are registered with the rings.</summary>
    public bool Fixed { get; init; } = true;

    [JsonIgnore]
    public int? AskedLanes { get; init; }

    [JsonIgnore]
    public int? AskedWorkerThreads { get; init; }

    /// <summary>Null for the library's own.</summary>
    public int? BatchWaitMicroseconds { get; init; }

    public int? SpinMicroseconds { get; init; }

    public IoWaitPolicy Wait { get; init; }

    public IReadOnlyList<int>? Processors { get; init; }

    public int? SubmissionPollMilliseconds { get; init; }

    public int? SubmissionProcessor { get; init; }

    public IoCompletionPolling CompletionPolling { get; init; }

    public int Lanes => AskedLanes ?? 1;

    public int? WorkerThreads => Ring == BenchRing.Worker ? AskedWorkerThreads ?? 16 : null;

    /// <summary>The options of the client that all jobs share.</summary>
    public DmIoOptions ForClient(BenchRequest request)
    {
        DmIoOptions defaults = new();
        DmIoOptions lanes = defaults with
        {
            Lanes = Lanes,
            InlineContinuations = request.Completion == BenchCompletion.Inline,
            LaneBatchWait = BatchWaitMicroseconds is { } wait ? TimeSpan.FromMicroseconds(wait) : defaults.LaneBatchWait,
            LaneProcessors = Processors ?? [],
        };
        return (DmIoOptions)Common(lanes, request, request.Jobs);
    }

    /// <summary>The options of each job's reactor.</summary>
    public IoReactorOptions ForReactor(BenchRequest request) => (IoReactorOptions)Common(new IoReactorOptions(), request, jobs: 1);

    /// <summary>Why what was to be registered is not; null when it is, or was not to be.</summary>
    public string? WhyNotFixed(BenchMemory memory, IoFeature pages, IoFeature devices)
    {
        if (!Fixed)
            return null;
        if (memory is BenchMemory.Pool or BenchMemory.Pages && !pages.IsAvailable)
            return pages.Reason;
        return devices.IsAvailable ? null : devices.Reason;
    }

    private IoDriverOptions Common(IoDriverOptions options, BenchRequest request, int jobs) => options with
    {
        Ring = Ring == BenchRing.Kernel ? IoRingKind.IoUring : IoRingKind.Workers,
        WorkerThreads = WorkerThreads ?? 1,
        WaitPolicy = Wait,
        SpinLimit = SpinMicroseconds is { } spin ? TimeSpan.FromMicroseconds(spin) : options.SpinLimit,
        QueueDepth = DepthFor(request, jobs),
        FixedFiles = Fixed,
        FixedBuffers = Fixed,
        SubmissionPolling = SubmissionPollMilliseconds is { } idle ? TimeSpan.FromMilliseconds(idle) : null,
        SubmissionProcessor = SubmissionProcessor,
        CompletionPolling = CompletionPolling,
    };

    /// <summary>As many chunks as there are, all of them on one ring: nothing is to wait in the engine.</summary>
    private static int DepthFor(BenchRequest request, int jobs)
    {
        const int chunkBytes = 1 << 20;
        long chunks = (request.BlockBytes + chunkBytes - 1) / chunkBytes;
        return (int)Math.Min(chunks * request.Paths.Count * request.Depth * jobs, DmIoOptions.MaxQueueDepth);
    }
}
