using DmIoUring.Diagnostics;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Submission;
using DmIoUring.Threading;

namespace DmIoUring;

/// <summary>
/// The service: reads one region or writes 1 to 64 regions of block devices at once, synchronously, with a callback, or
/// awaited; the result has one bit a region.
/// </summary>
/// <remarks>
/// <para><b>Threads.</b> Every method may be called from any number of threads at once, and from callbacks. A thread may end right
/// after it submitted. Requests are not ordered among each other unless the caller waits for one before it submits the next.</para>
/// <para><b>Buffers.</b> A buffer is the engine's from the call until the request ends (see <see cref="IoBuffer"/>), whatever
/// happened to the waiter meanwhile.</para>
/// <para><b>Errors.</b> Misuse throws before anything is submitted, and then there is no callback. What a device does wrong is
/// in the <see cref="IoResult"/>.</para>
/// <para><b>Units.</b> Sectors of 512 bytes, as in <see cref="IoRegion"/>.</para>
/// </remarks>
public sealed partial class DmIoClient : IDisposable, IAsyncDisposable
{
    private readonly DmIoOptions _options;
    private readonly CallbackReporter _reporter;
    private readonly RequestPool _pool;
    private readonly PagePool _pagePool;
    private readonly RingSource _rings;
    private readonly SyncRings _syncRings;
    private readonly Lane[] _lanes;
    private readonly ClientSubmission _submission;

    /// <summary>Starts the client's lanes.</summary>
    /// <param name="options">How it works; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range, or names a processor that this process can't use.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor is neither x64 nor Arm64.</exception>
    /// <exception cref="IoUringUnavailableException">
    /// io_uring is all that is wanted and the host refuses it, or it has no more open files for it; the message says why.
    /// </exception>
    public DmIoClient(DmIoOptions? options = null)
        : this(options ?? new DmIoOptions(), rings: null)
    {
    }

    /// <summary>As the public one, on rings from somewhere else.</summary>
    internal DmIoClient(DmIoOptions options, RingSource? rings)
    {
        SupportedProcessor.Require();
        _options = options;
        _options.Validate();
        _reporter = new CallbackReporter(_options.CallbackFailed);
        _pool = new RequestPool(_reporter);
        _lanes = new Lane[_options.Lanes];
        _pagePool = new PagePool { Participant = new ReserveParticipant(_pool, _lanes, _options.QueueDepth * _options.Lanes) };
        Pages = new PageMemoryPool(_pagePool, owner: this);
        _rings = rings is null ? RingSources.Start(_options, StartLanes) : RingSources.Start(rings, StartLanes);
        _syncRings = new SyncRings(_rings, _options, _reporter);
        _submission = new ClientSubmission(_options, _pool, _pagePool, _lanes, _syncRings);
    }

    /// <summary>What carries the I/O on this host, and what the host lacks.</summary>
    public IoCapabilities Capabilities => _rings.Capabilities;

    /// <summary>The client's page pool: <see cref="Reserve(long)"/> makes it, here it is rented from.</summary>
    public PageMemoryPool Pages { get; }

    /// <summary>
    /// Whether the lanes' rings know the page pool, and if not, why: pool pages travel like any other memory then. Told with the
    /// first request after a reservation.
    /// </summary>
    public IoFeature PageRegistration => RegistrationText.OfPages(
        _options.FixedBuffers, _rings.RegistrationAnswer ?? Worst(static lane => lane.RegisterErrno));

    /// <summary>
    /// Whether the lanes' rings know the devices that they have met, and if not, why: devices travel by their descriptors then.
    /// </summary>
    public IoFeature DeviceRegistration => RegistrationText.OfDevices(
        _options.FixedFiles, _rings.RegistrationAnswer ?? Worst(static lane => lane.RegisterFilesErrno));

    /// <summary>What was done so far.</summary>
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
    /// Makes sure of memory before it is needed: so many pages in <see cref="Pages"/>, and so many asynchronous requests that can
    /// be under way at once. dm-io's <c>dm_io_get</c>.
    /// </summary>
    /// <param name="pages">How many pages of 4,096 bytes. Reservations add up.</param>
    /// <returns>The reservation; dispose it to give both back, <c>dm_io_put</c>.</returns>
    /// <remarks>
    /// <para>There is a request for each page, but at most 4,096, or twice what the lanes' rings can have under way
    /// (<see cref="IoDriverOptions.QueueDepth"/> x <see cref="DmIoOptions.Lanes"/>) if that is more: a reserve of memory is not a reserve of a million
    /// requests. <see cref="PageReservation.Requests"/> tells how many; <see cref="Reserve(long, int)"/> sets both.</para>
    /// <para>While any requests are reserved, that many are all there are: within the reserve nothing waits and nothing is
    /// allocated; past it a submitting call waits, in order of arrival, until another request has ended, and the Try variants
    /// say no at once. Only a callback, which would wait for itself, gets a request beyond it
    /// (<see cref="IoStatistics.Overdrafts"/>). Without a reservation requests are allocated as needed and kept, up to 2^20: submitting
    /// one more throws <see cref="InvalidOperationException"/>.</para>
    /// <para>An awaited request keeps its place until its <see cref="ValueTask{TResult}"/> is awaited: <see cref="IoStatistics.UnawaitedResults"/>.</para>
    /// <para>Synchronous calls on a thread's own ring have a request of their own and don't count.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or more than 2^28 (1 TiB).</exception>
    /// <exception cref="OutOfMemoryException">The host has not that much; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The pool is in too many pieces, after a great many reservations; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public PageReservation Reserve(long pages) => _pagePool.Reserve(pages);

    /// <summary>As <see cref="Reserve(long)"/>, with pages and requests apart.</summary>
    /// <param name="pages">How many pages of 4,096 bytes; 0 for requests alone.</param>
    /// <param name="requests">
    /// How many asynchronous requests; 0 for pages alone, which leaves requests as they are: allocated as needed, or as many as other reservations have.
    /// </param>
    /// <returns>The reservation; dispose it to give both back.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One is less than 0, both are 0, or <paramref name="pages"/> is more than 2^28 (1 TiB).</exception>
    /// <exception cref="OutOfMemoryException">The host has not that much; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// There would be more than 1,048,576 requests, or the pool is in too many pieces, after a great many reservations; nothing has changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public PageReservation Reserve(long pages, int requests) => _pagePool.Reserve(pages, requests);

    /// <summary>As <see cref="Reserve(long)"/>, on the thread pool.</summary>
    /// <param name="pages">How many pages of 4,096 bytes.</param>
    /// <param name="cancellationToken">Cancelled before it took effect, nothing has changed.</param>
    /// <returns>The reservation.</returns>
    /// <inheritdoc cref="Reserve(long)" path="/exception"/>
    public ValueTask<PageReservation> ReserveAsync(long pages, CancellationToken cancellationToken = default) =>
        _pagePool.ReserveAsync(pages, requests: null, cancellationToken);

    /// <summary>As <see cref="Reserve(long, int)"/>, on the thread pool.</summary>
    /// <param name="pages">How many pages of 4,096 bytes; 0 for requests alone.</param>
    /// <param name="requests">How many asynchronous requests; 0 for pages alone.</param>
    /// <param name="cancellationToken">Cancelled before it took effect, nothing has changed.</param>
    /// <returns>The reservation.</returns>
    /// <inheritdoc cref="Reserve(long, int)" path="/exception"/>
    public ValueTask<PageReservation> ReserveAsync(long pages, int requests, CancellationToken cancellationToken = default) =>
        _pagePool.ReserveAsync(pages, requests, cancellationToken);

    /// <summary>What a lane's ring answered: the first refusal, else that one was taken, else null where none was asked.</summary>
    private int? Worst(Func<Lane, int?> answer) => _lanes.Max(answer);

    private void StartLanes(RingSource rings)
    {
        try
        {
            for (int i = 0; i < _lanes.Length; i++)
                _lanes[i] = new Lane(rings, _options, _pagePool, _pool, i);
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
