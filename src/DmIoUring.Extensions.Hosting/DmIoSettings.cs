namespace DmIoUring.Extensions.Hosting;

/// <summary>
/// The settings of a host's client, as its configuration has them: <see cref="DmIoOptions"/> with what a text can hold, a reserve, and the limits of the health
/// check. A setting that is <see langword="null"/> is the option's default.
/// </summary>
public sealed class DmIoSettings
{
    /// <summary>The configuration's section, unless another is named.</summary>
    public const string Section = "DmIoUring";

    /// <inheritdoc cref="IoDriverOptions.Name"/>
    public string? Name { get; set; }

    /// <inheritdoc cref="DmIoOptions.Lanes"/>
    public int? Lanes { get; set; }

    /// <inheritdoc cref="DmIoOptions.SyncRings"/>
    public int? SyncRings { get; set; }

    /// <inheritdoc cref="DmIoOptions.InlineContinuations"/>
    public bool? InlineContinuations { get; set; }

    /// <inheritdoc cref="DmIoOptions.Callbacks"/>
    public IoCallbackThreads? Callbacks { get; set; }

    /// <inheritdoc cref="DmIoOptions.LaneBatchWait"/>
    public TimeSpan? LaneBatchWait { get; set; }

    /// <inheritdoc cref="DmIoOptions.LaneProcessors"/>
    public int[]? LaneProcessors { get; set; }

    /// <inheritdoc cref="IoDriverOptions.QueueDepth"/>
    public int? QueueDepth { get; set; }

    /// <inheritdoc cref="IoDriverOptions.ChunkBytes"/>
    public int? ChunkBytes { get; set; }

    /// <inheritdoc cref="IoDriverOptions.RequestTimeLimit"/>
    public TimeSpan? RequestTimeLimit { get; set; }

    /// <inheritdoc cref="IoDriverOptions.Ring"/>
    public IoRingKind? Ring { get; set; }

    /// <inheritdoc cref="IoDriverOptions.WorkerThreads"/>
    public int? WorkerThreads { get; set; }

    /// <inheritdoc cref="IoDriverOptions.DisposeTimeLimit"/>
    public TimeSpan? DisposeTimeLimit { get; set; }

    /// <inheritdoc cref="IoDriverOptions.FixedFiles"/>
    public bool? FixedFiles { get; set; }

    /// <inheritdoc cref="IoDriverOptions.FixedBuffers"/>
    public bool? FixedBuffers { get; set; }

    /// <inheritdoc cref="IoDriverOptions.SubmissionPolling"/>
    public TimeSpan? SubmissionPolling { get; set; }

    /// <inheritdoc cref="IoDriverOptions.SubmissionProcessor"/>
    public int? SubmissionProcessor { get; set; }

    /// <inheritdoc cref="IoDriverOptions.CompletionPolling"/>
    public IoCompletionPolling? CompletionPolling { get; set; }

    /// <inheritdoc cref="IoDriverOptions.WaitPolicy"/>
    public IoWaitPolicy? WaitPolicy { get; set; }

    /// <inheritdoc cref="IoDriverOptions.SpinLimit"/>
    public TimeSpan? SpinLimit { get; set; }

    /// <inheritdoc cref="IoDriverOptions.SpinShare"/>
    public double? SpinShare { get; set; }

    /// <summary>Pages of 4,096 bytes that the host reserves at its start (<see cref="DmIoClient.Reserve(long)"/>), 0 to 2^28; 0, the default, for none.</summary>
    public long ReservedPages { get; set; }

    /// <summary>How long a lane may be in one batch of callbacks before the health check fails. More than zero; default 1 second.</summary>
    public TimeSpan StallLimit { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a request may be under way before the health check fails. More than zero; default 30 seconds.</summary>
    public TimeSpan OldestRequestLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The options that these settings are.</summary>
    /// <returns>Options without a handler, a meter factory or a logger factory; they may be out of range (<see cref="IoDriverOptions.Validate"/>).</returns>
    public DmIoOptions ToOptions()
    {
        DmIoOptions defaults = new();
        return defaults with
        {
            Name = Name,
            Lanes = Lanes ?? defaults.Lanes,
            SyncRings = SyncRings ?? defaults.SyncRings,
            InlineContinuations = InlineContinuations ?? defaults.InlineContinuations,
            Callbacks = Callbacks ?? defaults.Callbacks,
            LaneBatchWait = LaneBatchWait ?? defaults.LaneBatchWait,
            LaneProcessors = LaneProcessors ?? defaults.LaneProcessors,
            QueueDepth = QueueDepth ?? defaults.QueueDepth,
            ChunkBytes = ChunkBytes ?? defaults.ChunkBytes,
            RequestTimeLimit = RequestTimeLimit,
            Ring = Ring ?? defaults.Ring,
            WorkerThreads = WorkerThreads ?? defaults.WorkerThreads,
            DisposeTimeLimit = DisposeTimeLimit ?? defaults.DisposeTimeLimit,
            FixedFiles = FixedFiles ?? defaults.FixedFiles,
            FixedBuffers = FixedBuffers ?? defaults.FixedBuffers,
            SubmissionPolling = SubmissionPolling,
            SubmissionProcessor = SubmissionProcessor,
            CompletionPolling = CompletionPolling ?? defaults.CompletionPolling,
            WaitPolicy = WaitPolicy ?? defaults.WaitPolicy,
            SpinLimit = SpinLimit ?? defaults.SpinLimit,
            SpinShare = SpinShare ?? defaults.SpinShare,
        };
    }
}
