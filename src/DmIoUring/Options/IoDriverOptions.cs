using System.Diagnostics;
using DmIoUring.Diagnostics;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Rings;
using DmIoUring.Telemetry;

namespace DmIoUring;

/// <summary>The options that a client's lanes and a reactor have in common. The defaults suit most programs.</summary>
public abstract partial record IoDriverOptions
{
    /// <summary>The largest <see cref="QueueDepth"/>: half of the kernel's longest completion queue (IORING_MAX_CQ_ENTRIES).</summary>
    public const int MaxQueueDepth = 32768;

    /// <summary>The largest <see cref="ChunkBytes"/>: 1 GiB, below the 0x7ffff000 bytes that one call can transfer.</summary>
    public const int MaxChunkBytes = 1 << 30;

    /// <summary>The highest processor number that an affinity mask can name here.</summary>
    internal const int MaxProcessor = 1023;

    private protected IoDriverOptions()
    {
    }

    /// <summary>
    /// How many chunks a lane, or a reactor, has in the kernel at once, 1 to 32,768. Further chunks wait in the lane or the reactor, in order
    /// of arrival for each device. Default 256.
    /// </summary>
    /// <remarks>
    /// One device has at most as many of these as its queues take (<c>nr_requests</c> of each, in sysfs), because the kernel gives each one beyond to a worker thread
    /// that waits (blk_mq_get_tag, block/blk-mq-tag.c), and three quarters while other devices are used, too: one that is stuck
    /// leaves the rest to the others. <see cref="IoStatistics.DeviceWaits"/> counts requests that waited for that.
    /// </remarks>
    public int QueueDepth { get; set; } = 256;

    /// <summary>
    /// The largest chunk that a region is split into, in bytes, a multiple of 4,096. Default 1 MiB: 256 pages is what
    /// the kernel takes without a worker (BIO_MAX_VECS, block/fops.c).
    /// </summary>
    public int ChunkBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Called with the exception that a callback threw, on the thread that ran the callback. The exception is not rethrown, and one that this handler throws
    /// is dropped. Without a handler the exception is written to the log, see <see cref="LoggerFactory"/>. Either way it is counted in
    /// <see cref="IoStatistics.CallbackExceptions"/>.
    /// </summary>
    public Action<Exception>? CallbackFailed { get; set; }

    /// <summary>
    /// How long a request may take once its engine has it; null, the default, for no limit. After that the parts that are not done fail with
    /// ETIMEDOUT and are cancelled in the kernel, best effort. The request ends, and its buffer is free, only when the kernel has released
    /// the buffer, which a stuck device may delay for ever. Only a write with <see cref="IoFlags.StableCopy"/>, whose memory belongs to the
    /// engine, ends at once whatever the device does.
    /// </summary>
    /// <remarks>
    /// A device that is reached over a network can have a time limit of its own: see <c>docs/remote-devices.md</c>. With a limit, a
    /// synchronous stable copy uses a lane, and is refused in a callback.
    /// </remarks>
    public TimeSpan? RequestTimeLimit { get; set; }

    /// <summary>What carries the I/O. Default: io_uring, and worker threads where the host refuses it.</summary>
    public IoRingKind Ring { get; set; }

    /// <summary>
    /// How many threads carry the I/O of a client without io_uring, 1 to 256. So many chunks are in flight at once; each chunk on a stuck
    /// device blocks one thread, and one device has at most three quarters of them in each lane. Default 16.
    /// </summary>
    public int WorkerThreads { get; set; } = 16;

    /// <summary>
    /// How long <see cref="DmIoClient.Dispose"/>, <see cref="DmIoClient.DisposeAsync"/> and <see cref="IoReactor.Dispose"/> wait for pending requests;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Default 30 seconds. After that they return. The requests stay pending with their
    /// memory and their devices, and end when the kernel releases these.
    /// </summary>
    public TimeSpan DisposeTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Called by Dispose, before it returns, when <see cref="DisposeTimeLimit"/> has passed, with the requests that are still pending. An
    /// exception that the handler throws is dropped. Without a handler the report is written to the log, see <see cref="LoggerFactory"/>.
    /// </summary>
    public Action<IoUnfinished>? DisposeGaveUp { get; set; }

    /// <summary>
    /// Whether devices are registered with the rings (registered files), so that the kernel looks each up once and not with every entry. A
    /// registered device stays open for later requests until it is disposed. Default true.
    /// </summary>
    public bool FixedFiles { get; set; } = true;

    /// <summary>
    /// Whether the pool's pages are registered with the rings (registered buffers), so that the kernel pins and maps each once and not with
    /// every entry. All rings share one registration, which counts once against RLIMIT_MEMLOCK and takes one descriptor more, where the kernel clones
    /// registrations (6.13); elsewhere each ring pins the pages. <see cref="DmIoClient.PageRegistration"/> says which it is. Default true.
    /// </summary>
    public bool FixedBuffers { get; set; } = true;

    /// <summary>
    /// How long a kernel thread polls for submissions before it sleeps (SQPOLL), 1 ms to 60 s; <see langword="null"/>, the default, for no such
    /// thread. It saves a lane or a reactor most of its system calls and occupies a processor while it is awake: for machines with idle
    /// processors. There is one for each lane and reactor; synchronous calls have none.
    /// </summary>
    public TimeSpan? SubmissionPolling { get; set; }

    /// <summary>The processor that <see cref="SubmissionPolling"/>'s thread stays on, counted from 0; <see langword="null"/>, the default, for any.</summary>
    public int? SubmissionProcessor { get; set; }

    /// <summary>
    /// How a lane or a reactor learns of completions. Default None: by interrupts. The other values poll for the completions of contiguous reads
    /// and writes of up to 64 KiB on devices with polled queues (<see cref="DeviceAbilities.HasPolledQueues"/>; NVMe with the module's option
    /// <c>poll_queues</c>) that are open for direct I/O. Everything else uses a second ring and completes by interrupts: larger transfers,
    /// flushes, preflushes, discards, zeroes, and the transfers of other devices; of these the first is tried on the polling ring, which refuses
    /// it. Can't be combined with <see cref="SubmissionPolling"/>.
    /// </summary>
    public IoCompletionPolling CompletionPolling { get; set; }

    /// <summary>
    /// How a lane, <see cref="IoReactor.Poll"/> and a synchronous request wait for completions while no more than 3 chunks are in flight, and an idle lane
    /// for requests. Default Adaptive: awake where that has been paying off, and then asleep. To be woken costs 5 to 20 us, more than the transfer
    /// itself on a fast device.
    /// </summary>
    /// <remarks>
    /// A synchronous read or write of one chunk of up to 64 KiB on a device that is open for direct I/O takes the faster of two ways, a system call or a
    /// ring whose thread waits awake; the device remembers which that is, and both are tried again now and then. Not on worker threads, not in
    /// callbacks, not before a thread has made 64 such transfers, and not under <see cref="IoWaitPolicy.Sleep"/>: then it is the system call.
    /// </remarks>
    public IoWaitPolicy WaitPolicy { get; set; }

    /// <summary>
    /// How long a wait may be awake before it sleeps, zero to 1 s; zero for none. Default 50 us. While a thread waits awake it occupies a processor.
    /// Under <see cref="IoWaitPolicy.Adaptive"/> a wait has paid if it ended within a third of this.
    /// </summary>
    public TimeSpan SpinLimit { get; set; } = TimeSpan.FromMicroseconds(50);

    /// <summary>
    /// The share of its time that a lane, a reactor or a synchronous caller may spend awake in vain, that is, in waits that slept in the end, 0 to 1.
    /// Default 0.1. For <see cref="IoWaitPolicy.Adaptive"/> only.
    /// </summary>
    public double SpinShare { get; set; } = 0.1;

    internal long TimeLimitNanoseconds => (long)(RequestTimeLimit.GetValueOrDefault().Ticks * TimeSpan.NanosecondsPerTick);

    internal EngineSettings ForEngine(PagePool pages, RequestFreeList freeRequests, DriverTelemetry telemetry) => new()
    {
        Telemetry = telemetry,
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

    /// <summary>Reports the requests that a Dispose has left pending.</summary>
    internal void ReportGaveUp(IoUnfinished report, DriverTelemetry telemetry)
    {
        telemetry.DisposeGaveUp(report.Waited, report.Requests.Count, report.BlockedLanes);
        if (DisposeGaveUp is not { } handler)
        {
            telemetry.WriteGaveUp(report.ToString());
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

    /// <summary>Checks the options as a constructor does that gets them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range; the message says which, its value, and the rule.</exception>
    public virtual void Validate()
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
        if (WaitPolicy is < IoWaitPolicy.Adaptive or > IoWaitPolicy.Busy)
            throw OptionRange.Error(nameof(WaitPolicy), WaitPolicy, "one of IoWaitPolicy's values");
        if (SpinLimit < TimeSpan.Zero || SpinLimit > TimeSpan.FromSeconds(1))
            throw OptionRange.Error(nameof(SpinLimit), SpinLimit, "zero to 1 s");
        if (!(SpinShare is >= 0 and <= 1))
            throw OptionRange.Error(nameof(SpinShare), SpinShare, "0 to 1");
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

/// <summary>How a reactor works. The defaults suit a thread that does nothing but I/O and what follows from it.</summary>
public sealed record IoReactorOptions : IoDriverOptions
{
    /// <summary>
    /// The pool of a client or of another reactor, whose pages this reactor is to use too; <see langword="null"/>, the default, for a pool of its own. One
    /// reserve then serves several reactors, and the host pins its pages once and counts them once against RLIMIT_MEMLOCK, where the kernel clones
    /// registrations (6.13).
    /// </summary>
    /// <remarks>
    /// <para><see cref="IoReactor.Reserve(long)"/> adds pages to that pool and requests to this reactor. The pages stay reserved when the reactor is disposed,
    /// until the reservation is.</para>
    /// <para>The pool ends with the client or the reactor that it belongs to: dispose that one last. If it is disposed earlier, pages in flight stay what they
    /// are, and rentals, stable copies included, throw <see cref="ObjectDisposedException"/>.</para>
    /// <para>Memory that the pool releases stays pinned, and counts against RLIMIT_MEMLOCK, until every reactor that uses the pool has polled: nothing wakes a
    /// reactor.</para>
    /// </remarks>
    public PageMemoryPool? Pages { get; set; }

    /// <summary>
    /// Whether other threads may end a wait of <see cref="IoReactor.Poll"/> (<see cref="IoReactor.Wake"/>) and run something in it
    /// (<see cref="IoReactor.Post"/>). Poll then waits for them also while no request is in flight. Default false: it takes a descriptor, and two interlocked
    /// operations a wait.
    /// </summary>
    /// <remarks>
    /// A reactor lets go of disposed devices, and of memory that its pool has released, while it polls: wake one that may sleep for long. With
    /// <see cref="IoDriverOptions.CompletionPolling"/> it asks both of its rings in turn all the time.
    /// </remarks>
    public bool CanBeWoken { get; set; }
}

/// <summary>How a lane, a reactor's Poll and a synchronous request wait for completions.</summary>
public enum IoWaitPolicy
{
    /// <summary>
    /// Awake where the last waits paid, and then asleep. Where they did not, it is tried again after more and more sleeps. Always asleep where the process has
    /// one processor.
    /// </summary>
    Adaptive,

    /// <summary>Asleep from the beginning.</summary>
    Sleep,

    /// <summary>Awake for the whole <see cref="IoDriverOptions.SpinLimit"/>, whatever is in flight, and then asleep.</summary>
    Busy,
}
