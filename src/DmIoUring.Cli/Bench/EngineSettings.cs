using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>
/// How the library's engine is set up. One more option of it is a property here, a line in <see cref="ForClient"/> and one in
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

    public int Lanes => AskedLanes ?? 1;

    public int? WorkerThreads => Ring == BenchRing.Worker ? AskedWorkerThreads ?? 16 : null;

    private IoRingKind Kind => Ring == BenchRing.Kernel ? IoRingKind.IoUring : IoRingKind.Workers;

    /// <summary>The options of the client that all jobs share.</summary>
    public DmIoOptions ForClient(BenchRequest request) => new()
    {
        Ring = Kind,
        WorkerThreads = WorkerThreads ?? 1,
        Lanes = Lanes,
        QueueDepth = DepthFor(request, request.Jobs),
        InlineContinuations = request.Completion == BenchCompletion.Inline,
    };

    /// <summary>As many chunks as there are, all of them on one ring: nothing is to wait in the engine.</summary>
    private static int DepthFor(BenchRequest request, int jobs)
    {
        const int chunkBytes = 1 << 20;
        long chunks = (request.BlockBytes + chunkBytes - 1) / chunkBytes;
        return (int)Math.Min(chunks * request.Paths.Count * request.Depth * jobs, DmIoOptions.MaxQueueDepth);
    }
}
