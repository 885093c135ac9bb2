using System.Runtime.InteropServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>
/// Splits requests into chunks, writes a ring entry for each chunk, turns completions into error bits, and ends a request with its last
/// completion. One thread owns it: it takes no lock, allocates nothing for a request, and waits only in <see cref="Enter"/>.
/// </summary>
internal sealed unsafe partial class IoEngine<TRing> : IoEngine
    where TRing : struct, IRing
{
    private const uint WakeToken = uint.MaxValue;
    private const uint CancelToken = uint.MaxValue - 1;
    private const uint TeardownToken = uint.MaxValue - 2;
    private const uint CommandToken = uint.MaxValue - 3;

    /// <summary>BLK_MAX_BLOCK_SIZE, include/linux/blkdev.h: a bounce buffer is never smaller than a logical block.</summary>
    private const int MinBounce = 64 << 10;
    private const int MaxBounce = 256 << 10;
    private readonly Chunk* _chunks;
    private readonly Request?[] _owners;
    private readonly IoUringCqe[] _taken = new IoUringCqe[64];
    private readonly int _chunkBytes;
    private readonly long _timeLimit;
    private readonly Bounce _bounce;
    private readonly SystemCallExecutor _systemCalls;
#pragma warning disable IDE0044 // A readonly struct field would be copied at every call, and the ring keeps its own state.
    private TRing _ring;
#pragma warning restore IDE0044
    private ChunkList _free;
    private ChunkList _again;
    private ChunkList _delayed;

    /// <summary>Requests that are not completely split and wait for no device.</summary>
    private RequestList _queue;
    private readonly bool _hasFastPath;
    private readonly bool _flushesSeparately;
    private readonly bool _isBySystemCalls;
    private int _inKernel;
    private int _wakeDescriptor = -1;
    private bool _wakeIsArmed;

    /// <summary>Makes an engine on a ring. The thread that calls <see cref="Enable"/> owns both.</summary>
    /// <param name="ring">The ring.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="renew">Makes another ring of the same kind when this one is lost; null where there is none.</param>
    public IoEngine(TRing ring, EngineSettings settings, Func<TRing>? renew = null)
    {
        _renew = renew;
        Telemetry = settings.Telemetry;
        _pool = settings.Pool;
        _registersFiles = settings.RegistersFiles;
        _flushesSeparately = settings.FlushesSeparately;
        _isBySystemCalls = settings.IsBySystemCalls;
        if (settings.HoldsDevices)
        {
            // Where few are carried out at once, the first device must leave some of those to others that may come.
            int share = Math.Max(1, ring.AtOnce - (ring.AtOnce / 4));
            Devices = new DeviceTable(RegisterFile, ring.AtOnce < ring.Capacity ? share : int.MaxValue, share) { Meter = Telemetry.Instruments };
            _waiting = new RequestList[DeviceTable.Slots];
            _flushes = new FlushGroup[DeviceTable.Slots];
        }

        FreeRequests = settings.FreeRequests;
        _hasFastPath = settings is { FreeRequests: not null, HoldsDevices: true, TimeLimit: 0 };
        _ring = ring;
        _systemCalls = new SystemCallExecutor(settings.SystemCalls);
        _chunkBytes = settings.ChunkBytes;
        _timeLimit = settings.TimeLimit;
        _bounce = new Bounce(Math.Clamp(settings.ChunkBytes, MinBounce, MaxBounce));
        int capacity = ring.Capacity;
        _owners = new Request?[capacity];
        _chunks = (Chunk*)NativeMemory.AlignedAlloc((nuint)capacity * (nuint)sizeof(Chunk), 64);
        NativeMemory.Clear(_chunks, (nuint)capacity * (nuint)sizeof(Chunk));
        _vectors = (Iovec*)NativeMemory.Alloc(MaxQueuedVectors, (nuint)sizeof(Iovec));
        Array.Fill(_flushes, new FlushGroup(_chunks));
        _free = new ChunkList(_chunks);
        _again = new ChunkList(_chunks);
        _delayed = new ChunkList(_chunks);
        _inline = new ChunkQueue(capacity);
        for (int i = 0; i < capacity; i++)
            _free.Append(i);
    }

    public override bool IsIdle => InFlight == 0 && _queue.First is null && _waitingCount == 0 && _stopped.First is null;

    public override bool HasWaiting => _queue.First is not null || _waitingCount > 0 || !_again.IsEmpty;

    public override bool MustPoll => _ring.IsPolling;

    public override bool HasResults => _ring.HasCompletions || _systemCalls.HasResults || _stopped.First is not null || _inline.Count > 0 || HasCommandResults;

    public override bool HasInlineTransfers => _inline.Count > 0;

    public override Action? WakeOwner
    {
        get => _systemCalls.WakeOwner;
        set
        {
            _systemCalls.WakeOwner = value;
            if (Devices is not null)
                Devices.WakeOwner = value;
        }
    }

    public override void Enable(bool register)
    {
        _registersRing = register;
        Devices?.Enable();
        _ring.Enable(register);
    }

    public override void Accept(Request request)
    {
        Counters.Accepted++;
        request.Taken = TurnBegan;
        if (Telemetry.Instruments.OperationDuration.Enabled)
            BeginRegions(request);
        if (_timeLimit > 0)
            StartClock(request);
        if (Devices is { } devices)
            HoldDevices(request, devices);
        RefreshRegistrations();

        // A cancel after this read is found by StopCancelledRequests.
        bool isCancelRequested = request.IsCancelRequested;
        if (_queue.First is null && _again.IsEmpty && !isCancelRequested && Split(request) && request.Pending > 0)
            return;
        Enqueue(request);
        if (isCancelRequested)
            StopIfCancelled(request);
    }

    public override void Enter(uint waitFor, long limit = -1, long minWait = 0)
    {
        long ended = Counters.Requests;
        LookForListeners();
        RefreshRegistrations();
        if (Devices is { HasReleaseRequests: true } devices)
            devices.ReleaseDisposed();
        if (_oldest is not null)
            StopLateRequests();
        if (!_delayed.IsEmpty)
            ReleaseDueChunks();
        if ((_lostErrno != 0 || _teardowns.Count > 0) && !Recover(waitFor, limit, ended))
            return;
        Issue();
        if (_commandRing is not null && !TryIssueCommands())
            return;
        if (_teardowns.Count > 0)
            WatchTeardown();
        if (_toCancel > 0)
            CancelChunks();

        // A request that has just ended, because it needed nothing of the kernel, may be the one that the owner waits for.
        bool sleeps = waitFor > 0 && !HasResults && Counters.Requests == ended;
        if (InFlight == 0 && !_wakeIsArmed)
            return;
        if (sleeps && _teardowns.Count > 0 && !_isTeardownWatched)
        {
            // There was no entry for the poll that watches the teardown.
            long wait = TimeToWait(limit);
            SleepWithoutRing(wait < 0 || _inKernel > 0 ? ShortWait : Math.Min(wait, ShortWait));
            sleeps = false;
        }

        // Never wait for more completions than can arrive: the ring would sleep for ever.
        uint most = (uint)(_inKernel + (_wakeIsArmed ? 1 : 0) + (_isTeardownWatched ? 1 : 0));
        long timeout = TimeToWait(limit);

        // What others carry out wakes no ring.
        if (sleeps && _systemCalls.MustBePolled)
            timeout = timeout < 0 ? ShortWait : Math.Min(timeout, ShortWait);
        if (_commandRing is { UnderWay: > 0 } commands)
        {
            // The poll of the command ring completes once, however many commands end, and never for commands that are not submitted or not watched.
            most = 1;
            if (commands.HasQueued || !_commandPollIsArmed)
                timeout = timeout < 0 ? ShortWait : Math.Min(timeout, ShortWait);
        }

        EnterRing(sleeps ? Math.Min(waitFor, Math.Max(most, 1)) : 0, timeout, minWait);
        Counters.Enters = _ring.EnterCount;
        if (_batches is { Count: > 0 })
            RecordBatches();
    }

    public override void WakeOn(int eventfd)
    {
        _wakeDescriptor = eventfd;
        ArmWake();
    }

    public override void Dispose()
    {
        Devices?.Close();
        _ring.Dispose();
        DisposeCommands();
        _systemCalls.Dispose();
        _teardowns.ForEach(static teardown => teardown.Dispose());
        _bounce.Dispose();
        NativeMemory.AlignedFree(_chunks);
        NativeMemory.Free(_vectors);
    }

    /// <summary>Appends a request to the queue of those that are not completely split.</summary>
    private void Enqueue(Request request)
    {
        // One more while it is in the queue, so that early completions can't end the request.
        request.Pending++;
        request.IsQueued = true;
        _queue.Append(request);
    }

    private void Issue()
    {
        if (_wakeDescriptor >= 0 && !_wakeIsArmed)
            ArmWake();

        while (!_again.IsEmpty)
        {
            int chunk = _again.First;
            if (!TryFill(chunk, _owners[chunk]!))
                return;
            _again.RemoveFirst();
        }

        if (_waitingCount > 0 && !IssueWaiting())
            return;
        while (_queue.First is { } request)
        {
            _fullSlot = DeviceTable.NoSlot;
            bool isSplit = Split(request);
            if (!isSplit && _fullSlot == DeviceTable.NoSlot)
                return;
            _queue.RemoveFirst();
            if (isSplit)
                LeaveQueued(request);
            else
                WaitFor(_fullSlot, request);
        }
    }

    private void ArmWake()
    {
        IoUringSqe* entry = NextEntry(EntryRoute.NoPoll);
        if (entry is null)
            return;
        EntryWriter.WritePoll(entry, _wakeDescriptor, WakeToken);
        _wakeIsArmed = true;
    }
}
