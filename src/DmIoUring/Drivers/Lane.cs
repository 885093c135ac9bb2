using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using DmIoUring.Diagnostics;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.Rings;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring.Drivers;

/// <summary>
/// A long-lived thread that owns one engine. Any thread can submit requests to it; callbacks run on it, and what they submit stays on it.
/// </summary>
#pragma warning disable CA1001 // The lane's thread disposes what it owns when it ends.
internal sealed class Lane
#pragma warning restore CA1001
{
    [ThreadStatic]
    private static Lane? _current;

    private readonly IoEngine _engine;
    private readonly Inbox _inbox = new();
    private readonly WakeEvent _wake;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _started = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<TaskCompletionSource<IReadOnlyList<IoPendingRequest>>> _pendingQueries = new();
    private readonly int? _processor;
    private readonly DriverTelemetry _telemetry;
    private BatchWait _batchWait;
    private AwakeWait _completionWait;
    private AwakeWait _submissionWait;
    private long _wakeUps;
    private long _longestDispatch;

    /// <summary>When the stall began that was told last, meanwhile or at its end.</summary>
    private long _toldStall;
    private volatile bool _closing;
    private volatile bool _hasCancels;

    /// <summary>Starts the lane's thread with its own ring, and waits until it owns that.</summary>
    /// <exception cref="IoUringUnavailableException">The host has no such ring, or gives no more.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The thread can't run on its processor.</exception>
    public Lane(RingSource source, DmIoOptions options, PagePool pages, RequestPool requests, int index, DriverTelemetry? telemetry = null)
    {
        _telemetry = telemetry ?? DriverTelemetry.None;
        _batchWait = new BatchWait((long)options.LaneBatchWait.TotalNanoseconds);
        _completionWait = new AwakeWait(options);
        _submissionWait = new AwakeWait(options) { ComparesSleep = false };
        _processor = options.LaneProcessors is { Count: > 0 } processors ? processors[index % processors.Count] : null;
        Requests = requests;
        Index = index;
        _engine = source.MakeEngine(options.QueueDepth, options.ForEngine(pages, new RequestFreeList(requests, keepsAll: false), _telemetry));
        _wake = MakeWakeEvent();
        _engine.WakeOwner = Wake;
        _engine.StallEnded = EndStall;
        NotifyCancelled = () =>
        {
            _hasCancels = true;
            Wake();
        };
        _thread = new Thread(Run, maxStackSize: 0) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"dmio lane {index}") };
        StartThread();
    }

    /// <summary>The lane of the calling thread; null on other threads.</summary>
    public static Lane? Current => _current;

    /// <summary>The requests of the lane's client.</summary>
    public RequestPool Requests { get; }

    /// <summary>Its index among the client's lanes.</summary>
    public int Index { get; }

    /// <summary>The lane's engine. Must be used on the lane's thread.</summary>
    public IoEngine Engine => _engine;

    public EngineCounters Counters => _engine.Counters;

    /// <summary>What registering the pool's pages answered: 0, or the errno for which they are used unregistered.</summary>
    public int? RegisterErrno => _engine.RegisterErrno;

    /// <summary>Whether the pool's registrations are clones of one table: 0, the errno for which they are not, or null.</summary>
    public int? CloneErrno => _engine.CloneErrno;

    /// <summary>What registering devices answered: 0, or the errno for which they are used unregistered.</summary>
    public int? RegisterFilesErrno => _engine.RegisterFilesErrno;

    /// <summary>The longest time that processing one turn's completions took, or has been taking, callbacks included.</summary>
    public TimeSpan LongestDispatch => Stopwatch.GetElapsedTime(0, LongestDispatchTicks);

    /// <summary>The same in ticks of the stopwatch.</summary>
    public long LongestDispatchTicks
    {
        get
        {
            long began = _engine.BusySince;
            return Math.Max(Volatile.Read(ref _longestDispatch), began == 0 ? 0 : Stopwatch.GetTimestamp() - began);
        }
    }

    /// <summary>A device of the request that ended last; null while none has.</summary>
    public string? LastDevice => _engine.LastDevice;

    /// <summary>How long it has been processing one batch of completions, callbacks included, now; zero when it is not. Any thread.</summary>
    public TimeSpan DispatchingFor => _engine.BusySince is var began and not 0 ? Stopwatch.GetElapsedTime(began) : TimeSpan.Zero;

    public long WakeUps => Interlocked.Read(ref _wakeUps);

    /// <summary>Completed when the lane has ended its last request and closed its ring.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Call it after a request of the lane was cancelled. Any thread, callbacks included.</summary>
    public Action NotifyCancelled { get; }

    /// <summary>Submits several requests at once, linked from the newest to the oldest. Any thread.</summary>
    /// <returns>False when the lane is closed: the requests still belong to the caller.</returns>
    public bool Submit(Request latest, Request oldest)
    {
        Delivery delivery = _inbox.Deliver(latest, oldest);
        if (delivery == Delivery.WakeOwner)
            SignalSleeper();
        return delivery != Delivery.Refused;
    }

    /// <summary>Makes the lane take a turn, because something other than its inbox has changed. Any thread.</summary>
    public void Wake()
    {
        if (_inbox.Interrupt())
            SignalSleeper();
    }

    /// <summary>Ends the lane when its requests have ended. Does not wait. Any thread, the finalizer's included.</summary>
    public void Close()
    {
        _closing = true;
        Wake();
    }

    /// <summary>The lane's pending requests. Any thread, callbacks included; not completed while a callback of the lane blocks.</summary>
    public Task<IReadOnlyList<IoPendingRequest>> GetPendingRequestsAsync()
    {
        if (_current == this)
            return Task.FromResult(_engine.GetPendingRequests());
        TaskCompletionSource<IReadOnlyList<IoPendingRequest>> query = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _pendingQueries.Enqueue(query);
        Wake();

        // Enqueue before reading the state: a lane that ends meanwhile answers queries once more after it has set _ended.
        if (_ended.Task.IsCompleted)
            AnswerPendingQueries([]);
        return query.Task;
    }

    private WakeEvent MakeWakeEvent()
    {
        try
        {
            return new WakeEvent();
        }
        catch
        {
            _engine.Dispose();
            throw;
        }
    }

    private void StartThread()
    {
        try
        {
            _thread.Start();
        }
        catch
        {
            // OutOfMemoryException: without the thread nothing else disposes these.
            _engine.Dispose();
            _wake.Dispose();
            throw;
        }

        UninterruptedWait.WaitFor(_started.Task, Timeout.InfiniteTimeSpan);
        _started.Task.GetAwaiter().GetResult();
    }

    private void SignalSleeper()
    {
        Interlocked.Increment(ref _wakeUps);
        _wake.Signal();
    }

    private void Run()
    {
        if (!TryInitialize())
            return;
        while (true)
        {
            AcceptDelivered();
            if (_closing && _engine.IsIdle && _inbox.TryClose())
                break;

            if (!_engine.MustPoll)
                WaitAwake(ref _engine.InFlight > 0 ? ref _completionWait : ref _submissionWait);

            // Announce the sleep before looking for cancels, queries and the close: other threads set those before they look at the
            // announcement, so either the lane sees them here or the eventfd is written.
            // The announcement ends before callbacks run, so that what they submit causes no wake-up.
            bool announced = !_engine.MustPoll && _inbox.TrySleep();
            bool asked = HandleCancelsAndQueries();
            bool sleeps = announced && !asked && !(_closing && _engine.IsIdle);
            _engine.Enter(sleeps ? _batchWait.Completions(_engine.InFlight) : 0, minWait: _batchWait.MinWait);
            _completionWait.Slept();
            if (announced)
                _inbox.Interrupt();
            _batchWait.Note(TimeDispatch(), _engine.InFlight);
        }

        _engine.Dispose();
        _wake.Dispose();
        Requests.HandOver?.EndLane();
        _telemetry.LaneEnded();
        _ended.SetResult();
        AnswerPendingQueries([]);
    }

    private bool HasWork => _engine.HasResults || _inbox.HasDeliveries || _closing || _hasCancels || !_pendingQueries.IsEmpty;

    /// <summary>Waits awake for completions and deliveries, if that pays, without announcing a sleep, so that submitters need not wake the lane.</summary>
    private void WaitAwake(ref AwakeWait wait)
    {
        if (HasWork || !wait.TryBegin(_engine.InFlight, pays: false))
            return;
        long ended = _engine.Counters.Requests;
        while (true)
        {
            _engine.Enter(0);
            bool found = HasWork || _engine.Counters.Requests != ended;
            long now = Stopwatch.GetTimestamp();
            if (found || !wait.Continues(now))
            {
                wait.End(found, now);
                return;
            }

            AwakeWait.Pause();
        }
    }

    /// <summary>Sets the calling thread's affinity to the lane's processor, if it has one.</summary>
    private void StayOnProcessor()
    {
        if (_processor is not { } processor)
            return;
        Span<ulong> mask = stackalloc ulong[(IoDriverOptions.MaxProcessor + 1) / 64];
        mask.Clear();
        mask[processor / 64] = 1ul << (processor % 64);
        int result = Libc.SchedSetaffinity(mask);
        if (result < 0)
        {
            throw OptionRange.Error(
                nameof(DmIoOptions.LaneProcessors), processor, $"processors that are online and of this process's cpuset; the kernel answered {Errno.Name(-result)}");
        }
    }

    private void AcceptDelivered()
    {
        for (Request? next, request = _inbox.TakeAll(); request is not null; request = next)
        {
            next = request.Next;
            if (request.Submitted != 0 && _telemetry.Instruments.LaneQueueWait.Enabled)
                _telemetry.Instruments.RecordWait(_telemetry.Name, Stopwatch.GetTimestamp() - request.Submitted);
            _engine.Accept(request);
        }
    }

    private bool HandleCancelsAndQueries()
    {
        bool asked = _hasCancels;
        if (asked)
        {
            // Reset before looking: a later cancel sets it again.
            _hasCancels = false;
            Interlocked.MemoryBarrier();
            _engine.StopCancelledRequests();
        }

        if (_pendingQueries.IsEmpty)
            return asked;
        AnswerPendingQueries(_engine.GetPendingRequests());
        return true;
    }

    private void AnswerPendingQueries(IReadOnlyList<IoPendingRequest> answer)
    {
        while (_pendingQueries.TryDequeue(out TaskCompletionSource<IReadOnlyList<IoPendingRequest>>? query))
            query.SetResult(answer);
    }

    /// <summary>Processes completions and records how long it takes, which shows a callback that blocks the lane.</summary>
    private int TimeDispatch()
    {
        long start = Stopwatch.GetTimestamp();
        _engine.TurnBegan = start;
        long before = _engine.BeginBusy(start);
        int completions = _engine.Dispatch();
        long end = Stopwatch.GetTimestamp();
        _engine.EndBusy(before, end);
        long ticks = end - start;
        if (ticks > Volatile.Read(ref _longestDispatch))
            Volatile.Write(ref _longestDispatch, ticks);
        return completions;
    }

    /// <summary>Tells that a callback blocks the lane, if one has for long, and nobody has told. Any thread.</summary>
    public void TellStall()
    {
        long began = _engine.BusySince;
        long ticks = Stopwatch.GetTimestamp() - began;
        if (began == 0 || ticks <= IoEngine.StallTicks)
            return;
        long told = Volatile.Read(ref _toldStall);
        if (told < began && Interlocked.CompareExchange(ref _toldStall, began, told) == told)
            _telemetry.LaneBlocked(Index, Stopwatch.GetElapsedTime(0, ticks), LastDevice ?? "a device that is closed");
    }

    /// <summary>A stall has ended: who has seen it and not told yet must not do so now.</summary>
    private void EndStall(long began, long ticks)
    {
        Interlocked.Exchange(ref _toldStall, began);
        _telemetry.LaneStalled(Index, Stopwatch.GetElapsedTime(0, ticks));
    }

    private bool TryInitialize()
    {
        try
        {
            _current = this;
            CallbackThread.Set(true);
            StayOnProcessor();
            _engine.Enable(register: true);
            _engine.WakeOn(_wake.Descriptor);
            _started.SetResult();
            return true;
        }
        catch (Exception exception) when (exception is IOException or ArgumentOutOfRangeException)
        {
            _engine.Dispose();
            _wake.Dispose();
            _started.SetException(exception);
            return false;
        }
    }
}
