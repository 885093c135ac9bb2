using System.Buffers;
using System.Diagnostics;
using DmIoUring.Devices;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.Telemetry;
using DmIoUring.Threading;

namespace DmIoUring.Submission;

/// <summary>Submits requests to a client's lanes: with a callback, awaited, as a batch, or synchronously. Any thread.</summary>
/// <remarks>It references the client's parts and not the client, which the caller must keep alive during a call.</remarks>
internal sealed class ClientSubmission
{
    /// <summary>Synchronous transfers that a thread makes by system calls before one may make a ring for it: a thread that ends soon is not worth a ring.</summary>
    private const int TransfersBeforeRing = 64;

    [ThreadStatic]
    private static int _transfers;

    private readonly DmIoOptions _options;
    private readonly DriverTelemetry _telemetry;
    private readonly RequestPool _pool;
    private readonly RequestSource _source;
    private readonly Lane[] _lanes;
    private readonly OwnerSubmission[] _laneSubmissions;
    private readonly SyncRings _syncRings;
    private readonly bool _waitsAwake;
    private readonly bool _makesCalls;
    private long _directTransfers;
    private long _syncOverLane;
    private uint _nextLane;
    private volatile bool _closed;

    public ClientSubmission(DmIoOptions options, RequestPool pool, PagePool pages, Lane[] lanes, SyncRings syncRings, DriverTelemetry telemetry)
    {
        _telemetry = telemetry;
        _options = options;
        _pool = pool;
        _source = new RequestSource(pool, pages, telemetry.Instruments);
        _lanes = lanes;
        _laneSubmissions = Array.ConvertAll(lanes, lane => new OwnerSubmission(lane.Engine, pages, options.ChunkBytes));
        _syncRings = syncRings;
        _waitsAwake = syncRings.MayWaitAwake;

        // A system call has no time limit, and reaches the kernel's devices only.
        _makesCalls = options.RequestTimeLimit is null && syncRings.Home is null;
    }

    /// <summary>Synchronous requests that one system call carried out.</summary>
    public long DirectTransfers => Interlocked.Read(ref _directTransfers);

    /// <summary>Synchronous requests that a lane carried out.</summary>
    public long SyncOverLane => Interlocked.Read(ref _syncOverLane);

    /// <summary>A callback must not wait: the request that it waits for could wait for this callback, on this client or another.</summary>
    private static WaitRule CurrentWaitRule => CallbackThread.IsCurrent ? WaitRule.Never : WaitRule.Wait;

    /// <summary>The submission to the current lane: the one whose callback is the caller; null on any other thread.</summary>
    private OwnerSubmission? CurrentSubmission => CurrentLane is { } lane ? _laneSubmissions[lane.Index] : null;

    private Lane? CurrentLane => Lane.Current is { } lane && lane.Requests == _pool ? lane : null;

    /// <summary>Refuses new requests.</summary>
    public void Close() => _closed = true;

    /// <summary>Submits a request with a callback.</summary>
    public void Submit(in RequestSpec spec)
    {
        ThrowIfClosed();
        if (CurrentSubmission is { } owner)
        {
            if (!owner.TrySubmitFast(spec))
                owner.Submit(spec);
        }
        else
        {
            TrySubmitToLane(spec, CurrentWaitRule);
        }
    }

    /// <summary>As <see cref="Submit(in RequestSpec)"/>, but fails when the reserve is exhausted.</summary>
    public bool TrySubmit(in RequestSpec spec)
    {
        ThrowIfClosed();
        return CurrentSubmission is { } owner ? owner.TrySubmit(spec) : TrySubmitToLane(spec, WaitRule.Try);
    }

    /// <summary>Submits a request whose end is awaited.</summary>
    public ValueTask<IoResult> SubmitTask(in RequestSpec spec, CancellationToken cancellation)
    {
        ThrowIfClosed();
        if (CurrentLane is { } current)
            return _laneSubmissions[current.Index].SubmitTask(spec, _options.InlineContinuations, current.NotifyCancelled, cancellation);
        Request request = PendingRequest.Admit(_source, spec, CurrentWaitRule)!;
        Lane lane = LaneFor(spec);
        ValueTask<IoResult> task = request.EndWithTask(_options.InlineContinuations, lane.NotifyCancelled, cancellation);
        HandOver(lane, request, request);
        return task;
    }

    /// <summary>Submits a batch. When one request is refused, none is submitted, except those that were submitted while the call waited for the reserve.</summary>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        ThrowIfClosed();
        if (CurrentSubmission is { } owner)
        {
            owner.Submit(requests);
            return;
        }

        foreach (ref readonly IoRequest request in requests)
            request.Check(_pool.Home);
        Lane lane = NextLane();
        PendingBatch batch = new(_source);
        try
        {
            Add(ref batch, requests, lane);
            HandOver(lane, ref batch);
        }
        finally
        {
            batch.Dispose();
        }
    }

    /// <summary>Carries out a request and returns its result.</summary>
    public IoResult Run(in RequestSpec spec)
    {
        ThrowIfClosed();
        Admission.Check(spec, _pool.Home);
        if (_makesCalls && Admission.IsDirect(spec, _options.ChunkBytes) &&
            ((FlushesLessByRing(spec) && TryRunByRing(spec, awake: false, out IoResult result)) || TryRunDirect(spec, out result)))
        {
            return result;
        }

        // A request that may be abandoned in the kernel needs a lane, which waits for the abandoned chunks.
        bool mayBeAbandoned = _options.RequestTimeLimit is not null && (spec.Options.Flags & IoFlags.StableCopy) != 0;
        SyncRing? ring = mayBeAbandoned ? null : _syncRings.TryEnter();
        return ring is null ? RunOnLane(spec) : RunOnRing(ring, spec, awake: false, repeatsIfLost: false);
    }

    private IoResult RunOnRing(SyncRing ring, in RequestSpec spec, bool awake, bool repeatsIfLost)
    {
        try
        {
            return ring.Run(PendingRequest.Make(new RequestSource(ring.Request, _source.Pages, _telemetry.Instruments), spec, CurrentWaitRule)!, awake, repeatsIfLost);
        }
        finally
        {
            ring.Exit();
        }
    }

    /// <summary>Carries out one region of one chunk: by one system call, or by the thread's ring where waiting awake for it is faster.</summary>
    private unsafe bool TryRunDirect(in RequestSpec spec, out IoResult result)
    {
        ref readonly IoRegion region = ref spec.Regions[0];
        using MemoryHandle pin = spec.Buffer.Pin(out byte* start);
        byte* memory = start + region.BufferOffset;
        if (((nint)memory & (region.Device.MemoryAlignment - 1)) != 0)
        {
            result = default;
            return false;
        }

        result = MayUseRing(spec) ? RunByFaster(spec, region, memory) : RunByCall(spec, region, memory);
        return true;
    }

    /// <summary>
    /// Whether a FUA write costs one flush less by a ring than by a system call, which flushes a block device's cache at its end whatever the write has done
    /// (generic_write_sync in blkdev_write_iter, block/fops.c). A ring's entry ends with the write (REQ_FUA).
    /// </summary>
    private bool FlushesLessByRing(in RequestSpec spec) =>
        (spec.Options.Flags & IoFlags.Fua) != 0 &&
        _syncRings.AreKernelRings &&
        spec.Regions[0].Device.Geometry.Cache is VolatileCache.WithFua or VolatileCache.WithoutFua &&
        MayMakeRing();

    private static bool MayMakeRing() => _transfers > TransfersBeforeRing || ++_transfers > TransfersBeforeRing;

    private bool MayUseRing(in RequestSpec spec)
    {
        ref readonly IoRegion region = ref spec.Regions[0];
        return _waitsAwake &&
               MayMakeRing() &&
               region.Count * IoRegion.SectorSize <= SyncTransferTimes.MaxLength &&
               region.Device.IsDirect &&
               spec.Options.Flags == IoFlags.None &&
               !CallbackThread.IsCurrent;
    }

    private unsafe IoResult RunByFaster(in RequestSpec spec, in IoRegion region, byte* memory)
    {
        ref WayComparison times = ref region.Device.SyncTransfers.Of(spec.Operation == IoOperation.Write, region.Count * IoRegion.SectorSize);
        bool usesRing = times.Next(out bool measures);
        long began = measures ? Stopwatch.GetTimestamp() : 0;
        IoResult result;
        if (!usesRing)
            result = RunByCall(spec, region, memory);
        else if (!TryRunByRing(spec, awake: true, out result))
            return RunByCall(spec, region, memory);
        if (measures)
            times.Note(usesRing, Stopwatch.GetTimestamp() - began);
        return result;
    }

    /// <summary>False when the thread gets no ring, or its ring is lost: a system call does the transfer, again where that is not known, as its buffer is free.</summary>
    private bool TryRunByRing(in RequestSpec spec, bool awake, out IoResult result)
    {
        SyncRing? ring = _syncRings.TryEnter();
        if (ring is null)
        {
            // To ask for one takes a lock, or a system call.
            _transfers = 0;
            result = default;
            return false;
        }

        result = RunOnRing(ring, spec, awake, repeatsIfLost: true);
        return result.First.Cause != IoFailureCause.RingLost;
    }

    private unsafe IoResult RunByCall(in RequestSpec spec, in IoRegion region, byte* memory)
    {
        Interlocked.Increment(ref _directTransfers);
        return DirectTransfer.Run(spec.Operation, region, memory, spec.Options.Flags, _telemetry);
    }

    private IoResult RunOnLane(in RequestSpec spec)
    {
        if (CurrentLane is not null)
        {
            throw new InvalidOperationException(
                "A synchronous request was made in a callback, and only a lane can carry it: a stable copy with a time limit needs one, " +
                "and so does a request of several chunks when every synchronous ring is taken. It would wait for the lane that it blocks. " +
                "Submit it with a callback, or, where rings are short, raise DmIoOptions.SyncRings.");
        }

        Interlocked.Increment(ref _syncOverLane);
        Request request = PendingRequest.Make(_source, spec, CurrentWaitRule)!;
        request.EndSync(sleeps: true);
        HandOver(LaneFor(spec), request, request);
        request.WaitUntilDone();
        IoResult result = request.Result;
        _pool.Return(request);
        return result;
    }

    private bool TrySubmitToLane(in RequestSpec spec, WaitRule rule)
    {
        if (PendingRequest.Admit(_source, spec, rule) is not { } request)
            return false;
        request.EndWith(spec);
        HandOver(LaneFor(spec), request, request);
        return true;
    }

    private void Add(ref PendingBatch batch, ReadOnlySpan<IoRequest> requests, Lane lane)
    {
        WaitRule rule = CurrentWaitRule;
        foreach (ref readonly IoRequest request in requests)
        {
            if (rule == WaitRule.Wait)
            {
                if (batch.TryAdd(request.Spec, WaitRule.Try))
                    continue;

                // The requests that are ready may hold what this one waits for: submit them first.
                HandOver(lane, ref batch);
            }

            batch.TryAdd(request.Spec, rule);
        }
    }

    private void HandOver(Lane lane, ref PendingBatch batch)
    {
        if (batch.TakeAll(out Request? oldest) is { } latest)
            HandOver(lane, latest, oldest!);
    }

    private void HandOver(Lane lane, Request latest, Request oldest)
    {
        if (lane.Submit(latest, oldest))
            return;
        PendingBatch.RollBack(_source, latest);
        throw Disposed();
    }

    /// <summary>The lane for a request from another thread: for flushes of one <see cref="BlockDevice"/> always the same, so that those which wait become one.</summary>
    private Lane LaneFor(in RequestSpec spec) =>
        spec.Operation == IoOperation.Flush ? _lanes[spec.Regions[0].Device.Number % _lanes.Length] : NextLane();

    /// <summary>The lane for the next request from another thread, round robin.</summary>
    private Lane NextLane() => _lanes.Length == 1 ? _lanes[0] : _lanes[Interlocked.Increment(ref _nextLane) % (uint)_lanes.Length];

    private void ThrowIfClosed()
    {
        if (_closed)
            throw Disposed();
    }

    private static ObjectDisposedException Disposed() => new("DmIoUring.DmIoClient");
}
