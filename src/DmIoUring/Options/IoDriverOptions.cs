using System.Diagnostics;
using DmIoUring.Diagnostics;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Rings;

namespace DmIoUring;

/// <summary>What a client's lanes and a reactor have in common. The defaults suit most.</summary>
public abstract record IoDriverOptions
{
    /// <summary>The largest <see cref="QueueDepth"/>: half of the kernel's longest completion queue (IORING_MAX_CQ_ENTRIES).</summary>
    public const int MaxQueueDepth = 32768;

    /// <summary>The largest <see cref="ChunkBytes"/>: 1 GiB, below the 0x7ffff000 bytes that one call can transfer.</summary>
    public const int MaxChunkBytes = 1 << 30;

    /// <summary>The last processor that an affinity mask of ours can name.</summary>
    internal const int MaxProcessor = 1023;

    private protected IoDriverOptions()
    {
    }

    /// <summary>
    /// How many chunks a lane, or a reactor, has in the kernel at once, 1 to 32,768. More requests than that wait there, in order
    /// of arrival. Default 256.
    /// </summary>
    public int QueueDepth { get; init; } = 256;

    /// <summary>
    /// The largest piece that a region is cut into, in bytes, a multiple of 4,096. Default 1 MiB: 256 pages is what
    /// the kernel takes without a worker (BIO_MAX_VECS, block/fops.c).
    /// </summary>
    public int ChunkBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Called on the lane's thread when a callback threw, with what it threw. The exception ends here, and one that
    /// this handler throws is dropped. Without a handler it is written to <see cref="System.Diagnostics.Trace"/>. Either
    /// way it is counted in <see cref="IoStatistics.CallbackExceptions"/>.
    /// </summary>
    public Action<Exception>? CallbackFailed { get; init; }

    /// <summary>
    /// How long a request may take from the moment that its engine has it; null, the default, for as long as it takes. Past
    /// it what is left of the request fails with ETIMEDOUT and is asked back from the kernel, best effort: the request ends, and
    /// its buffer is free, when the kernel has let go of it, which a stuck device may put off for ever. Only a write with
    /// <see cref="IoFlags.StableCopy"/>, whose memory is the engine's, ends then whatever the device does.
    /// </summary>
    /// <remarks>
    /// A device that is reached over a network ends its requests by a limit of its own, where it has one and it is set: see
    /// <c>docs/remote-devices.md</c>. A synchronous stable copy goes through a lane when there is a limit, and is refused in a callback.
    /// </remarks>
    public TimeSpan? RequestTimeLimit { get; init; }

    /// <summary>What carries the I/O. Default: io_uring, and worker threads where the host refuses it.</summary>
    public IoRingKind Ring { get; init; }

    /// <summary>
    /// How many threads carry the I/O of a client without io_uring, 1 to 256: as many chunks are under way at once, and a stuck
    /// device keeps one for each of its own. Default 16.
    /// </summary>
    public int WorkerThreads { get; init; } = 16;

    /// <summary>
    /// How long <see cref="DmIoClient.Dispose"/>, <see cref="DmIoClient.DisposeAsync"/> and <see cref="IoReactor.Dispose"/> wait for requests under way;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for as long as it takes. Default 30 seconds. Past it they return; the requests stay
    /// under way with all that is theirs, and end when the kernel lets go of them.
    /// </summary>
    public TimeSpan DisposeTimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Called, before it returns, by a Dispose whose <see cref="DisposeTimeLimit"/> has passed, with what is still under way. An
    /// exception that it throws is dropped. Without a handler the report is written to <see cref="System.Diagnostics.Trace"/>.
    /// </summary>
    public Action<IoUnfinished>? DisposeGaveUp { get; init; }

    /// <summary>
    /// Whether rings know the devices (registered files), so that the kernel looks each up once and not with every entry. A device that
    /// is known stays open for the next request until it is disposed. Default true.
    /// </summary>
    public bool FixedFiles { get; init; } = true;

    /// <summary>
    /// Whether rings know the pool's pages (registered buffers), so that the kernel pins and maps each once and not with every entry.
    /// Default true.
    /// </summary>
    public bool FixedBuffers { get; init; } = true;

    /// <summary>
    /// How long a thread of the kernel's looks for submissions before it sleeps (SQPOLL), 1 ms to 60 s; <see langword="null"/>, the default, for
    /// no such thread. It spares a lane or a reactor most of its system calls and takes a processor of its own while it is awake: for
    /// machines with processors to spare. There is one for each lane and reactor; synchronous calls have none.
    /// </summary>
    public TimeSpan? SubmissionPolling { get; init; }

    /// <summary>The processor that <see cref="SubmissionPolling"/>'s thread stays on, counted from 0; <see langword="null"/>, the default, for any.</summary>
    public int? SubmissionProcessor { get; init; }

    /// <summary>
    /// How a lane or a reactor learns that a device is done. Default None: by interrupts. The others ask devices with polled queues
    /// (<see cref="DeviceAbilities.HasPolledQueues"/>; NVMe with the module's option <c>poll_queues</c>) that are open for direct I/O for the
    /// completions of reads and writes of up to 64 KiB in one piece. All else travels by a second ring beside the polling one and completes by
    /// interrupts: larger transfers, flushes, preflushes, discards, zeroes, and the transfers of other devices, of which the first is tried by the polling ring and refused there. Not together
    /// with <see cref="SubmissionPolling"/>.
    /// </summary>
    public IoCompletionPolling CompletionPolling { get; init; }

    internal long TimeLimitNanoseconds => (long)(RequestTimeLimit.GetValueOrDefault().Ticks * TimeSpan.NanosecondsPerTick);

    internal EngineSettings ForEngine(PagePool pages, RequestFreeList freeRequests) => new()
    {
        ChunkBytes = ChunkBytes,
        TimeLimit = TimeLimitNanoseconds,
        Pool = FixedBuffers ? pages : null,
        HoldsDevices = true,
        RegistersFiles = FixedFiles,
        Ring = new RingPlan
        {
            SubmissionPollMilliseconds = (uint)(SubmissionPolling?.TotalMilliseconds ?? 0),
            SubmissionProcessor = SubmissionProcessor,
            CompletionPolling = CompletionPolling,
        },
        FreeRequests = freeRequests,
    };

    /// <summary>Tells what a Dispose that gave up has left.</summary>
    internal void ReportGaveUp(IoUnfinished report)
    {
        if (DisposeGaveUp is not { } handler)
        {
            Trace.TraceWarning(report.ToString());
            return;
        }

        try
        {
            handler(report);
        }
#pragma warning disable CA1031 // A Dispose must not throw for what its handler does.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Trace.TraceWarning($"DmIoOptions.DisposeGaveUp threw: {exception}");
        }
    }

    internal virtual void Validate()
    {
        if (RequestTimeLimit is { } limit && (limit <= TimeSpan.Zero || limit > TimeSpan.FromDays(365)))
            throw OptionRange.Error(nameof(RequestTimeLimit), limit, "more than zero and at most a year, or null for none");
        if (DisposeTimeLimit != Timeout.InfiniteTimeSpan && (DisposeTimeLimit < TimeSpan.Zero || DisposeTimeLimit > TimeSpan.FromDays(1)))
            throw OptionRange.Error(nameof(DisposeTimeLimit), DisposeTimeLimit, "zero to a day, or Timeout.InfiniteTimeSpan");
        if (SubmissionPolling is { } polling && (polling < TimeSpan.FromMilliseconds(1) || polling > TimeSpan.FromMinutes(1)))
            throw OptionRange.Error(nameof(SubmissionPolling), polling, "1 ms to 60 s, or null for no polling thread");
        if (SubmissionProcessor is { } processor)
        {
            Check(nameof(SubmissionProcessor), processor, 0, MaxProcessor);
            if (SubmissionPolling is null)
                throw OptionRange.Error(nameof(SubmissionProcessor), processor, "null without SubmissionPolling: there is no thread to put anywhere");
        }

        if (SubmissionPolling is not null && Ring == IoRingKind.Workers)
            throw OptionRange.Error(nameof(SubmissionPolling), SubmissionPolling, "null with worker threads, which have no submission queue");
        if (CompletionPolling is < IoCompletionPolling.None or > IoCompletionPolling.Hybrid)
            throw OptionRange.Error(nameof(CompletionPolling), CompletionPolling, "one of IoCompletionPolling's values");
        if (CompletionPolling != IoCompletionPolling.None && SubmissionPolling is not null)
            throw OptionRange.Error(nameof(CompletionPolling), CompletionPolling, "None together with SubmissionPolling");
        if (CompletionPolling != IoCompletionPolling.None && Ring == IoRingKind.Workers)
            throw OptionRange.Error(nameof(CompletionPolling), CompletionPolling, "None together with worker threads, which can't poll");
        if (Ring is < IoRingKind.Automatic or > IoRingKind.Workers)
            throw OptionRange.Error(nameof(Ring), Ring, "one of IoRingKind's values");
        Check(nameof(WorkerThreads), WorkerThreads, 1, 256);
        Check(nameof(QueueDepth), QueueDepth, 1, MaxQueueDepth);
        Check(nameof(ChunkBytes), ChunkBytes, 4096, MaxChunkBytes);
        if (ChunkBytes % 4096 != 0)
            throw OptionRange.Error(nameof(ChunkBytes), ChunkBytes, "a multiple of 4096 bytes");
    }

    private protected static void Check(string option, int value, int least, int most)
    {
        if (value < least || value > most)
            throw OptionRange.Error(option, value, FormattableString.Invariant($"{least} to {most}"));
    }
}

/// <summary>What carries a client's I/O.</summary>
public enum IoRingKind
{
    /// <summary>
    /// io_uring; worker threads where the host has none, forbids it, or has no memory for it. <see cref="DmIoClient.Capabilities"/> says
    /// which it is and why.
    /// </summary>
    Automatic,

    /// <summary>io_uring or nothing: the client's constructor throws where the host refuses it.</summary>
    IoUring,

    /// <summary>A few threads with preadv2, pwritev2, fdatasync and fallocate: everything works, slower.</summary>
    Workers,
}
