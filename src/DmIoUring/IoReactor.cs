using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Diagnostics;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Submission;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring;

/// <summary>
/// The same I/O as <see cref="DmIoClient"/> on a thread of the embedding program, which submits, polls, and runs the callbacks. There is no other
/// thread and no thread switch, and locks are taken only for memory (pages, and requests beyond those that it keeps): the fastest interface, for storage
/// software with one thread a core.
/// </summary>
/// <remarks>
/// <para><b>Threads.</b> The thread that first submits or polls owns the reactor from then on; a call on any other thread throws
/// <see cref="InvalidOperationException"/>. Only <see cref="Wake"/>, <see cref="Post"/>, <see cref="Pages"/>, <see cref="Reserve(long)"/>, <see cref="Capabilities"/> and
/// <see cref="Statistics"/> may be used on any thread. A thread may own several reactors.</para>
/// <para><b>Progress.</b> Only <see cref="Poll"/> submits to the kernel (and a submission that finds the ring's queue full), and callbacks run
/// only in it. What callbacks submit goes with the next poll, in one call with everything else.</para>
/// <para><b>Buffers</b> belong to the engine from the submission until the callback runs; <b>errors</b> are as with <see cref="DmIoClient"/>:
/// misuse throws before anything is submitted, a device's failure is in the <see cref="IoResult"/>. Units are sectors of 512 bytes.</para>
/// </remarks>
public sealed partial class IoReactor : IDisposable
{
    private readonly IoReactorOptions _options;
    private readonly DriverTelemetry _telemetry;
    private readonly MeteredReactor _metered;
    private readonly MeteredReactor.Parts _meteredParts;
    private readonly CallbackReporter _reporter;
    private readonly RequestPool _pool;
    private readonly RequestFreeList _freeRequests;
    private readonly PagePool _pagePool;
    private readonly ReserveParticipant _participant;
    private readonly RingSource _rings;
    private readonly OwnerSubmission _submission;
    private IoEngine _engine = null!;
    private BatchWait _batchWait = new(minWait: 1);
    private AwakeWait _awakeWait;
    private Thread? _owner;
    private bool _polls;
    private bool _ended;
    private volatile bool _disposed;

    /// <summary>Makes a reactor. The calling thread need not be the one that will own it.</summary>
    /// <param name="options">How it works; <see langword="null"/> for the defaults. A copy is taken: what is changed later is for the next reactor.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor is neither x64 nor Arm64.</exception>
    /// <exception cref="ObjectDisposedException">The pool that <see cref="IoReactorOptions.Pages"/> names was disposed.</exception>
    /// <exception cref="IOException">There is no eventfd for <see cref="IoReactorOptions.CanBeWoken"/>.</exception>
    /// <exception cref="IoUringUnavailableException">
    /// <see cref="IoDriverOptions.Ring"/> allows io_uring only and the host refuses it, or the process has too many files open; the message says why.
    /// </exception>
    public IoReactor(IoReactorOptions? options = null)
        : this(options ?? new IoReactorOptions(), rings: null)
    {
    }

    /// <summary>As the public constructor, on a ring from the given source.</summary>
    internal IoReactor(IoReactorOptions options, RingSource? rings)
    {
        SupportedProcessor.Require();
        _options = options with { };
        _options.Validate();
        _wake = _options.CanBeWoken ? new OwnerWake() : null;
        _awakeWait = new AwakeWait(_options);
        _idleWait = new AwakeWait(_options) { ComparesSleep = false };
        _telemetry = _options.NewTelemetry("reactor");
        _reporter = new CallbackReporter(_options.CallbackFailed, _telemetry);
        _pool = new RequestPool(_reporter) { Telemetry = _telemetry, Home = rings?.Home };
        _freeRequests = new RequestFreeList(_pool, keepsAll: true);
        _participant = new ReserveParticipant(_pool, [], _options.QueueDepth);
        Pages = _options.Pages ?? new PageMemoryPool(new PagePool { Participant = _participant, Telemetry = _telemetry }, owner: this);
        _pagePool = Pages.Pool;
        _pagePool.CheckNotDisposed();
        _rings = rings is null ? RingSources.Start(_options, MakeEngine) : RingSources.Start(rings, MakeEngine);
        _submission = new OwnerSubmission(_engine, _pagePool, _options.ChunkBytes);
        if (_rings.Capabilities.RefusalReason is { } reason)
            _telemetry.FellBackToWorkers(reason);
        _meteredParts = new MeteredReactor.Parts(_pool, _options.Pages is null ? _pagePool : null, _reporter);
        _metered = new MeteredReactor(_telemetry, _engine.Counters, _meteredParts, _rings.UsesWorkers);
        _metered.Start();
    }

    /// <summary>
    /// A reactor that was not disposed and is unreachable. <see cref="IoDriverOptions.DisposeGaveUp"/> receives the requests that have not ended, on
    /// the finalizer's thread; they keep their memory and their devices for ever. Nothing is disposed here: the reactor's parts may be finalized already.
    /// </summary>
#pragma warning disable MA0055 // Nobody else can report it.
    ~IoReactor()
#pragma warning restore MA0055
    {
        // The constructor may have thrown.
        _metered?.End();
        if (!_ended && _submission is not null && !_engine.IsIdle)
            _options.ReportGaveUp(new IoUnfinished(TimeSpan.Zero, [.. _engine.GetPendingRequests()], 0), _telemetry);
    }

    /// <summary>What carries the I/O on this host, and what the host lacks. Any thread.</summary>
    public IoCapabilities Capabilities => _rings.Capabilities;

    /// <summary>
    /// The reactor's page pool, or the one that <see cref="IoReactorOptions.Pages"/> names. <see cref="Reserve(long)"/> fills it; its pages are rented here. Any thread; but the owner must not wait for pages
    /// that only its own callbacks return: it uses the Try variants.
    /// </summary>
    public PageMemoryPool Pages { get; }

    /// <summary>Whether the pool's pages are registered with the ring, and if not, why: they are then used like any other memory.</summary>
    public IoFeature PageRegistration => RegistrationText.OfPages(_options.FixedBuffers, _rings.RegistrationAnswer ?? _engine.RegisterErrno, _engine.CloneErrno);

    /// <summary>Whether devices are registered with the ring, and if not, why: entries then name devices by their descriptors.</summary>
    public IoFeature DeviceRegistration => RegistrationText.OfDevices(_options.FixedFiles, _rings.RegistrationAnswer ?? _engine.RegisterFilesErrno);

    /// <summary>Requests that were submitted and whose callback has not been called yet. Must be called on the owning thread.</summary>
    public int UnderWay => (int)(_engine.Counters.Accepted - _engine.Counters.Requests);

    /// <summary>What was done so far. Any thread; a snapshot.</summary>
    public IoStatistics Statistics => new()
    {
        Requests = _engine.Counters.Requests,
        Entries = _engine.Counters.Entries,
        Enters = _engine.Counters.Enters,
        ShortTransfers = _engine.Counters.ShortTransfers,
        Retries = _engine.Counters.Retries,
        DeviceWaits = _engine.Counters.DeviceWaits,
        WorkerEntries = _rings.UsesWorkers ? _engine.Counters.Entries : _engine.Counters.WorkerEntries,
        InlineTransfers = _engine.Counters.InlineTransfers,
        Flushes = _engine.Counters.Flushes,
        JoinedFlushes = _engine.Counters.JoinedFlushes,
        WakeUps = 0,
        DirectTransfers = 0,
        CallbackExceptions = _reporter.Count,
        LongestDispatch = TimeSpan.Zero,
        Overdrafts = _pool.Overdrafts,
        SyncOverLane = 0,
        UnawaitedResults = 0,
    };

    /// <summary>
    /// Reserves memory before it is needed: pages in <see cref="Pages"/>, and requests. dm-io's <c>dm_io_get</c>. Any thread.
    /// </summary>
    /// <param name="pages">
    /// How many pages of 4,096 bytes. Reservations add up. There is a request for each, but at most 4,096, or twice the
    /// <see cref="IoDriverOptions.QueueDepth"/> if that is more.
    /// </param>
    /// <returns>The reservation; dispose it to give both back, <c>dm_io_put</c>.</returns>
    /// <remarks>Within the reserve nothing is allocated. Beyond it requests are allocated and kept: a reactor can't wait for itself.</remarks>
    /// <inheritdoc cref="DmIoClient.Reserve(long)" path="/exception"/>
    public PageReservation Reserve(long pages) => _pagePool.Reserve(pages, requests: null, _participant);

    /// <summary>As <see cref="Reserve(long)"/>, with the numbers of pages and of requests set separately.</summary>
    /// <param name="pages">How many pages of 4,096 bytes; 0 for requests alone.</param>
    /// <param name="requests">How many requests; 0 for pages alone.</param>
    /// <returns>The reservation; dispose it to give both back.</returns>
    /// <inheritdoc cref="DmIoClient.Reserve(long, int)" path="/exception"/>
    public PageReservation Reserve(long pages, int requests) => _pagePool.Reserve(pages, requests, _participant);

    /// <summary>Has this reactor's rings know memory of the embedder's own, as they know the pool's pages: see <see cref="PageMemoryPool.Register(IoMemory)"/>, which this is.</summary>
    /// <param name="memory">The memory, which stays allocated for as long as it is registered.</param>
    /// <returns>The registration; dispose it to end it.</returns>
    /// <inheritdoc cref="PageMemoryPool.Register(IoMemory)" path="/exception"/>
    public MemoryRegistration Register(IoMemory memory) => Pages.Register(memory);

    /// <summary>The same for memory by its address: see <see cref="PageMemoryPool.Register(void*, long)"/>, which this is.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="length">Bytes, at least 1.</param>
    /// <returns>The registration; dispose it before the memory is unmapped.</returns>
    /// <inheritdoc cref="PageMemoryPool.Register(void*, long)" path="/exception"/>
    public unsafe MemoryRegistration Register(void* start, long length) => Pages.Register(start, length);

    /// <summary>
    /// Submits everything to the kernel by one call, waits until enough requests have ended, and runs their callbacks as they end.
    /// </summary>
    /// <param name="minimum">
    /// How many requests must end before it returns, or all when fewer are in flight. 0, the default, does not wait. With none in flight it returns at once, or
    /// waits to be woken where the reactor can be (<see cref="IoReactorOptions.CanBeWoken"/>).
    /// </param>
    /// <param name="timeout">How long it may wait; <see langword="null"/> for no limit. A callback that runs longer is not interrupted.</param>
    /// <returns>How many requests ended. It may be more than asked for, or fewer when the time has passed or the reactor was woken.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minimum"/> or <paramref name="timeout"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">Another thread owns the reactor, or the call comes from one of its callbacks.</exception>
    /// <exception cref="ObjectDisposedException">The reactor was disposed.</exception>
    public int Poll(int minimum = 0, TimeSpan? timeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minimum);
        long limit = timeout is { } time ? LimitOf(time) : -1;
        CheckOwner();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_polls)
            throw new InvalidOperationException("Poll was called in a callback of the same reactor. Return from the callback: the poll that runs it goes on.");
        _polls = true;
        bool before = CallbackThread.Set(true);
        try
        {
            return Run(minimum, limit);
        }
        finally
        {
            CallbackThread.Set(before);
            _polls = false;
            if (_disposed)
                Dispose();
        }
    }

    /// <summary>The requests that are pending now, by device and sector, to find a stuck device. Must be called on the owning thread.</summary>
    /// <returns>The requests.</returns>
    /// <exception cref="InvalidOperationException">Another thread owns the reactor.</exception>
    public IReadOnlyList<IoPendingRequest> GetPendingRequests()
    {
        CheckOwner();
        return _ended ? [] : _engine.GetPendingRequests();
    }

    /// <summary>
    /// Refuses new requests, polls until all pending ones have ended, and releases the ring. After
    /// <see cref="IoDriverOptions.DisposeTimeLimit"/> it gives up and reports the requests that have not ended to
    /// <see cref="IoDriverOptions.DisposeGaveUp"/>: they keep their memory, and a later call waits again.
    /// </summary>
    /// <remarks>Must be called on the owning thread; any number of times. In a callback it does not wait: the poll that runs the callback disposes before it returns.</remarks>
    /// <exception cref="InvalidOperationException">Another thread owns the reactor: dispose it there.</exception>
    public void Dispose()
    {
        if (_ended)
            return;
        CheckOwner();
        if (!_polls)
            RunLastPosts();
        ClosePosts();
        if (_polls)
            return;
        long start = Stopwatch.GetTimestamp();
        _polls = true;
        bool before = CallbackThread.Set(true);
        RunPosted();
        while (!_engine.IsIdle && TimeLeft(start) is var left && left != 0)
        {
            _engine.Enter(1, left);
            _engine.Dispatch();
        }

        CallbackThread.Set(before);
        _polls = false;
        if (!_engine.IsIdle)
        {
            _options.ReportGaveUp(new IoUnfinished(Stopwatch.GetElapsedTime(start), [.. _engine.GetPendingRequests()], 0), _telemetry);
            return;
        }

        End();
        GC.SuppressFinalize(this);
    }

    private static long LimitOf(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
            return -1;
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        return (long)Math.Min(timeout.TotalNanoseconds, long.MaxValue / 2);
    }

    private void MakeEngine(RingSource rings) => _engine = rings.MakeEngine(_options.QueueDepth, _options.ForEngine(_pagePool, _freeRequests, _telemetry));

    /// <summary>Nanoseconds that Dispose may still wait; negative for no limit.</summary>
    private long TimeLeft(long start) => _options.DisposeTimeLimit == Timeout.InfiniteTimeSpan
        ? -1
        : (long)Math.Max(0, (_options.DisposeTimeLimit - Stopwatch.GetElapsedTime(start)).TotalNanoseconds);

    private void End()
    {
        _ended = true;
        _metered.End();
        _engine.Dispose();
        _wake?.Dispose();
        _rings.Dispose();
        if (_options.Pages is null)
            _pagePool.Dispose();
    }

    private int Run(int minimum, long limit)
    {
        long before = _engine.Counters.Requests;
        long start = limit > 0 && minimum > 0 ? Stopwatch.GetTimestamp() : 0;
        long left = _wake is not null && NoticeWake(minimum > 0 && limit != 0) ? 0 : limit;

        // With nothing under way there is a wake-up to wait for, or nothing.
        bool isIdle = _wake is not null && UnderWay == 0;
        while (true)
        {
            int missing = Math.Min(minimum - (int)(_engine.Counters.Requests - before), isIdle ? Math.Max(UnderWay, 1) : UnderWay);

            // Each slot that becomes free is for a waiting chunk: the chunks in the kernel may be the ones that never end.
            if (_engine.HasWaiting)
                missing = Math.Min(missing, 1);
            int waitFor = left == 0 ? 0 : _batchWait.IsOneByOne ? missing : Math.Min(missing, 1);
            bool woken = false;
            if (waitFor <= 0)
                _engine.Enter(0);
            else if (_wake is not null)
                woken = WaitWakeable(_wake, (uint)waitFor, left, limit, start);
            else if (!WaitAwake(left, ref _awakeWait))
                Sleep((uint)waitFor, limit, start);

            _batchWait.Note(_engine.Dispatch(), _engine.InFlight);
            if (woken)
            {
                RunPosted();
                _engine.Enter(0);
            }

            int ended = (int)(_engine.Counters.Requests - before);
            if (ended >= minimum || left == 0 || woken || (UnderWay == 0 && !isIdle))
                return ended;
            left = Left(limit, start);
        }
    }

    private void Sleep(uint completions, long limit, long start, long minWait = 0)
    {
        _engine.Enter(completions, Left(limit, start), minWait);
        _awakeWait.Slept();
    }

    /// <summary>What is left of a limit; of none, or of zero, the same.</summary>
    private static long Left(long limit, long start) => limit <= 0 ? limit : Math.Max(0, limit - (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds);

    /// <summary>Waits awake, if that pays and the time allows it.</summary>
    private bool WaitAwake(long left, ref AwakeWait wait) => (left < 0 || left >= _options.SpinLimit.TotalNanoseconds) && wait.Run(_engine, wake: _wake);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckOwner()
    {
        if (_owner != Thread.CurrentThread)
            Own();
    }

    /// <summary>Keeps the thread object and not its number, which the runtime reuses after the thread has ended.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Own()
    {
        Thread? owner = Interlocked.CompareExchange(ref _owner, Thread.CurrentThread, null);
        if (owner is not null)
        {
            throw new InvalidOperationException(
                $"Thread {owner.ManagedThreadId} owns this reactor{(owner.IsAlive ? "" : " and has ended")}, and thread {Environment.CurrentManagedThreadId} called: " +
                "use a reactor for each thread, or a DmIoClient, which any thread may call.");
        }

        try
        {
            _engine.Enable(register: true);
        }
        catch (IoUringUnavailableException refusal)
        {
            // A host that creates a ring may still refuse to run it: such a ring is treated like one that is lost later.
            _engine.MarkRingLost(refusal.Errno);
        }

        if (_wake is not null)
            _engine.WakeOn(_wake.Descriptor);
    }
}
