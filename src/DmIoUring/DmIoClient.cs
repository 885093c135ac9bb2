using DmIoUring.Diagnostics;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Submission;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring;

/// <summary>
/// Reads one region, or writes 1 to 64 regions of block devices at once: synchronously, with a callback, or awaited. The result has
/// one bit a region.
/// </summary>
/// <remarks>
/// <para><b>Threads.</b> Every method may be called from any number of threads at once, and from callbacks. A thread may end right
/// after it submitted. Requests are not ordered among each other unless the caller waits for one before it submits the next.</para>
/// <para><b>Buffers.</b> A buffer belongs to the engine from the call until the request ends (see <see cref="IoBuffer"/>), whatever
/// happens to the waiting thread or task meanwhile.</para>
/// <para><b>Errors.</b> Misuse throws before anything is submitted, and then there is no callback. A device's failure is
/// in the <see cref="IoResult"/>.</para>
/// <para><b>Units.</b> Sectors of 512 bytes, as in <see cref="IoRegion"/>.</para>
/// </remarks>
public sealed partial class DmIoClient : IDisposable, IAsyncDisposable
{
    private readonly DmIoOptions _options;
    private readonly DriverTelemetry _telemetry;
    private readonly CallbackReporter _reporter;
    private readonly CallbackHandOver? _handOver;
    private readonly RequestPool _pool;
    private readonly PagePool _pagePool;
    private readonly RingSource _rings;
    private readonly SyncRings _syncRings;
    private readonly Lane[] _lanes;
    private readonly ClientSubmission _submission;

    /// <summary>
    /// Whether the calling thread runs callbacks of any client or reactor that must not wait: a lane's thread, or a reactor's owner while it polls. Not on the thread pool
    /// (<see cref="DmIoOptions.Callbacks"/>).
    /// </summary>
    public static bool IsCallbackThread => CallbackThread.IsCurrent;

    /// <summary>Starts the client's lanes.</summary>
    /// <param name="options">How it works; <see langword="null"/> for the defaults. A copy is taken: what is changed later is for the next client.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or names a processor that this process can't use.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor is neither x64 nor Arm64.</exception>
    /// <exception cref="IoUringUnavailableException">
    /// <see cref="IoDriverOptions.Ring"/> allows io_uring only and the host refuses it, or the process has too many files open; the message says why.
    /// </exception>
    public DmIoClient(DmIoOptions? options = null)
        : this(options ?? new DmIoOptions(), rings: null)
    {
    }

    /// <summary>As the public constructor, on rings from the given source.</summary>
    internal DmIoClient(DmIoOptions options, RingSource? rings)
    {
        SupportedProcessor.Require();
        _options = options.Copy();
        _options.Validate();
        _telemetry = _options.NewTelemetry("client");
        _reporter = new CallbackReporter(_options.CallbackFailed, _telemetry);
        _handOver = _options.Callbacks == IoCallbackThreads.ThreadPool ? new CallbackHandOver(_telemetry.CallbacksEnded) : null;
        _pool = new RequestPool(_reporter) { HandOver = _handOver, Telemetry = _telemetry, Home = rings?.Home };
        _lanes = new Lane[_options.Lanes];
        _pagePool = new PagePool { Participant = new ReserveParticipant(_pool, _lanes, _options.QueueDepth * _options.Lanes), Telemetry = _telemetry };
        Pages = new PageMemoryPool(_pagePool, owner: this);
        _rings = rings is null ? RingSources.Start(_options, StartLanes) : RingSources.Start(rings, StartLanes);
        _syncRings = new SyncRings(_rings, _options, _reporter, _telemetry);
        _submission = new ClientSubmission(_options, _pool, _pagePool, _lanes, _syncRings, _telemetry);
        _metered = StartMeter();
    }

    /// <summary>What carries the I/O on this host, and what the host lacks.</summary>
    public IoCapabilities Capabilities => _rings.Capabilities;

    /// <summary>The client's page pool. <see cref="Reserve(long)"/> fills it; its pages are rented here.</summary>
    public PageMemoryPool Pages { get; }

    /// <summary>
    /// Whether the pool's pages are registered with the lanes' rings, and if not, why: they are then used like any other memory. Known from the
    /// first request after a reservation on.
    /// </summary>
    public IoFeature PageRegistration => RegistrationText.OfPages(
        _options.FixedBuffers, _rings.RegistrationAnswer ?? Worst(static lane => lane.RegisterErrno), Worst(static lane => lane.CloneErrno));

    /// <summary>
    /// Whether devices are registered with the lanes' rings, and if not, why: entries then name devices by their descriptors.
    /// </summary>
    public IoFeature DeviceRegistration => RegistrationText.OfDevices(
        _options.FixedFiles, _rings.RegistrationAnswer ?? Worst(static lane => lane.RegisterFilesErrno));

    /// <summary>What the client has done so far.</summary>
    public IoStatistics Statistics
    {
        get
        {
            EngineCounters sum = new();
            _syncRings.AddTo(sum);
            long wakeUps = 0;
            foreach (Lane lane in _lanes)
            {
                sum.Add(lane.Counters);
                wakeUps += lane.WakeUps;
            }

            long direct = _submission.DirectTransfers;
            return new IoStatistics
            {
                Requests = sum.Requests + direct,
                Entries = sum.Entries,
                Enters = sum.Enters,
                ShortTransfers = sum.ShortTransfers,
                Retries = sum.Retries,
                DeviceWaits = sum.DeviceWaits,
                WorkerEntries = _rings.UsesWorkers ? sum.Entries : sum.WorkerEntries,
                InlineTransfers = sum.InlineTransfers,
                Flushes = sum.Flushes,
                JoinedFlushes = sum.JoinedFlushes,
                WakeUps = wakeUps,
                DirectTransfers = direct,
                CallbackExceptions = _reporter.Count,
                LongestDispatch = _lanes.Max(static lane => lane.LongestDispatch),
                Overdrafts = _pool.Overdrafts,
                SyncOverLane = _submission.SyncOverLane,
                UnawaitedResults = _pool.UnawaitedResults,
            };
        }
    }

    /// <summary>
    /// Reserves memory before it is needed: pages in <see cref="Pages"/>, and asynchronous requests that can be in flight at once.
    /// dm-io's <c>dm_io_get</c>.
    /// </summary>
    /// <param name="pages">How many pages of 4,096 bytes. Reservations add up.</param>
    /// <returns>The reservation; dispose it to give both back, <c>dm_io_put</c>.</returns>
    /// <remarks>
    /// <para>There is a request for each page, but at most 4,096, or twice what the lanes' rings can have in flight
    /// (<see cref="IoDriverOptions.QueueDepth"/> x <see cref="DmIoOptions.Lanes"/>) if that is more: a reserve of memory is not a reserve of a million
    /// requests. <see cref="PageReservation.Requests"/> tells how many; <see cref="Reserve(long, int)"/> sets both.</para>
    /// <para>While any requests are reserved, there are exactly that many. Within the reserve nothing waits and nothing is allocated. When it is
    /// exhausted, a submitting call waits, in order of arrival, until another request has ended, and the Try variants return false at once.
    /// Only a callback, which would wait for itself, gets a request beyond the reserve (<see cref="IoStatistics.Overdrafts"/>). Without a
    /// reservation requests are allocated as needed and kept, up to 2^20: submitting one more throws <see cref="InvalidOperationException"/>.</para>
    /// <para>An awaited request stays in use until its <see cref="ValueTask{TResult}"/> is awaited: <see cref="IoStatistics.UnawaitedResults"/>.</para>
    /// <para>Synchronous calls that use a ring of their thread have a request of their own and don't count.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or more than 2^28 (1 TiB).</exception>
    /// <exception cref="OutOfMemoryException">The host has too little memory; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The pool has too many extents, after a great many reservations; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public PageReservation Reserve(long pages) => _pagePool.Reserve(pages);

    /// <summary>As <see cref="Reserve(long)"/>, with the numbers of pages and of requests set separately.</summary>
    /// <param name="pages">How many pages of 4,096 bytes; 0 for requests alone.</param>
    /// <param name="requests">
    /// How many asynchronous requests; 0 for pages alone: requests stay allocated as needed, or as many as other reservations have.
    /// </param>
    /// <returns>The reservation; dispose it to give both back.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One is less than 0, both are 0, or <paramref name="pages"/> is more than 2^28 (1 TiB).</exception>
    /// <exception cref="OutOfMemoryException">The host has too little memory; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// There would be more than 1,048,576 requests, or the pool has too many extents, after a great many reservations; nothing has changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public PageReservation Reserve(long pages, int requests) => _pagePool.Reserve(pages, requests);

    /// <summary>Has this client's rings know memory of the embedder's own, as they know the pool's pages: see <see cref="PageMemoryPool.Register(IoMemory)"/>, which this is.</summary>
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

    /// <summary>As <see cref="Reserve(long)"/>, on the thread pool.</summary>
    /// <param name="pages">How many pages of 4,096 bytes.</param>
    /// <param name="cancellationToken">Cancels the reservation. When it is cancelled, nothing has changed.</param>
    /// <returns>The reservation.</returns>
    /// <inheritdoc cref="Reserve(long)" path="/exception"/>
    public ValueTask<PageReservation> ReserveAsync(long pages, CancellationToken cancellationToken = default) =>
        _pagePool.ReserveAsync(pages, requests: null, cancellationToken);

    /// <summary>As <see cref="Reserve(long, int)"/>, on the thread pool.</summary>
    /// <param name="pages">How many pages of 4,096 bytes; 0 for requests alone.</param>
    /// <param name="requests">How many asynchronous requests; 0 for pages alone.</param>
    /// <param name="cancellationToken">Cancels the reservation. When it is cancelled, nothing has changed.</param>
    /// <returns>The reservation.</returns>
    /// <inheritdoc cref="Reserve(long, int)" path="/exception"/>
    public ValueTask<PageReservation> ReserveAsync(long pages, int requests, CancellationToken cancellationToken = default) =>
        _pagePool.ReserveAsync(pages, requests, cancellationToken);

    /// <summary>The lanes' answers as one: an errno where a ring refused, 0 where none did, null where none was asked.</summary>
    private int? Worst(Func<Lane, int?> answer) => _lanes.Max(answer);

    private void StartLanes(RingSource rings)
    {
        _handOver?.Expect(_lanes.Length);
        try
        {
            for (int i = 0; i < _lanes.Length; i++)
                _lanes[i] = new Lane(rings, _options, _pagePool, _pool, i, _telemetry);
        }
        catch
        {
            for (int i = 0; i < _lanes.Length; i++)
            {
                _lanes[i]?.Close();
                UninterruptedWait.WaitFor(_lanes[i]?.Ended ?? Task.CompletedTask, Timeout.InfiniteTimeSpan);
                _lanes[i] = null!;
            }

            throw;
        }
    }
}
