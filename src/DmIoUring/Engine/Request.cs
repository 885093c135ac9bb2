using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>
/// A request from the call that made it to its one end. Pooled. It belongs to the submitter until it is handed over,
/// then to the engine, then to whoever takes its result.
/// </summary>
/// <remarks>What few requests need is in objects of its own, made when first needed and kept: thousands of these are gone through in turn.</remarks>
internal sealed unsafe partial class Request(CallbackReporter reporter, RequestPool? pool = null, int index = 0)
{
    private RequestMemory? _memory;
    private ulong _failed;
    private ulong _unsupported;
    private bool _hasMemory;
    private bool _ownsMemory;

    /// <summary>Whether its fields are as <see cref="Reset"/> leaves them, but for what the fast path sets.</summary>
    private bool _isReset;
    private int _fastChunks;
    private IoFailure _first;
    private RequestBuffer _buffer;

    /// <summary>Where in the caller's buffer <see cref="_buffer"/> begins: not at its beginning in a copy of a part.</summary>
    private long _copyStart;

    /// <summary>The place of the next request at its owner's hand; see <see cref="RequestFreeList"/>.</summary>
    public int NextFree { get; set; }

    /// <summary>Links the request into one list at a time: an inbox, then an engine's queue or those that it has stopped.</summary>
    public Request? Next { get; set; }

    public IoOperation Operation { get; private set; }

    public Leg[] Legs { get; private set; } = new Leg[1];

    /// <summary>Regions that the request has legs for: all, or none when it was started with its chunks made.</summary>
    public int LegCount { get; private set; }

    public int RegionCount => LegCount > 0 ? LegCount : _fastChunks;

    public ref readonly RequestBuffer Buffer => ref _buffer;

    /// <summary>RWF_* of every data entry.</summary>
    public uint TransferFlags { get; private set; }

    public ushort Priority { get; private set; }

    /// <summary>The leg that the next chunk is cut from; all are cut when it equals <see cref="LegCount"/>.</summary>
    public int Cursor { get; set; }

    /// <summary>Whether nothing of the caller's is with the kernel: the request writes a private copy, or has no memory at all and asked for one.</summary>
    public bool OwnsMemory => _ownsMemory;

    /// <summary>Whether its caller has been told its end, so that it is only what the kernel still has; see <see cref="TakeResourcesOf"/>.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Chunks not ended yet, plus one while chunks are still to be cut, or while a stopped request is still to be looked at.</summary>
    public int Pending { get; set; }

    public IoResult Result => (_failed | _unsupported) == 0
        ? default
        : new(new RegionBits(_failed), new RegionBits(_unsupported), _first);

    /// <summary>Takes over pages for a private copy of the buffer, which go back to their pool when the request ends. Before <see cref="Prepare(in RequestSpec, DeviceTable?)"/>.</summary>
    /// <param name="copy">The pages.</param>
    /// <param name="start">The first byte of the buffer to copy.</param>
    /// <param name="length">How many.</param>
    public void TakeCopy(in PageList copy, long start, long length)
    {
        (_memory ??= new RequestMemory()).TakeCopy(copy, start, length);
        _hasMemory = true;
    }

    /// <summary>Keeps a buffer that is one piece of memory, for the fast path.</summary>
    /// <param name="buffer">The caller's memory.</param>
    /// <param name="pins">The pins of the engine's owner.</param>
    /// <param name="memory">Its first byte.</param>
    /// <returns>Whether it is kept: not where it is in pieces, is gone, or this request has never kept its like. Never throws for any of these.</returns>
    public bool TryPinContiguous(in IoBuffer buffer, SharedPins pins, out byte* memory)
    {
        memory = null;
        return _hasMemory = _memory is { } kept && kept.TryPinContiguous(buffer, pins, out memory);
    }

    /// <summary>The same for memory whose owner is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPin(IoMemory owner, SharedPins pins) => _hasMemory = _memory is { } kept && kept.TryPin(owner, pins);

    /// <summary>Takes devices and memory into the request's keeping and decides which regions are to be transferred.</summary>
    /// <param name="spec">What is asked for. Misuse was refused before; what is found here is a region's own failure.</param>
    /// <param name="devices">The devices of the engine that the calling thread owns and will give the request to; null on any other thread.</param>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed meanwhile. <see cref="Release"/> what the request has then.</exception>
    public void Prepare(in RequestSpec spec, DeviceTable? devices = null)
    {
        if (!_isReset)
            Reset();
        _isReset = false;
        ref readonly IoRequestOptions options = ref spec.Options;
        Operation = spec.Operation;
        Priority = options.Priority.Value;
        TransferFlags = TransferFlagsOf(options.Flags);
        _ownsMemory = spec.AsksForStableCopy && (_hasMemory || spec.CopyRange().Length == 0);

        // Where there is nothing to copy, there is nothing to keep either.
        ref readonly IoBuffer buffer = ref _ownsMemory && !_hasMemory ? ref RequestSpec.NoBuffer : ref spec.Buffer;
        if (buffer.IsRawPointer && !_hasMemory && options.Report is null)
            _buffer.SetRun(buffer.Pointer);
        else
            Pin(buffer, options.Report);
        if (Legs.Length < spec.Regions.Length)
            Legs = new Leg[IoRegion.MaxRegions];
        LegStage stage = Operation == IoOperation.Flush || (options.Flags & IoFlags.Preflush) != 0 ? LegStage.FlushFirst : LegStage.Data;
        for (int i = 0; i < spec.Regions.Length; i++)
        {
            ref readonly IoRegion region = ref spec.Regions[i];
            int slot = DeviceTable.NoSlot;
            if (devices is null)
                region.Device.AddReference();
            else
                slot = devices.Enter(region.Device);
            ref Leg leg = ref Legs[i];
            leg.Device = region.Device;
            leg.Slot = slot;
            LegCount = i + 1;
            Prepare(i, ref leg, region, stage, options.Flags);
        }
    }

    /// <summary>The same on the fast path: the chunks are made already, and keep their devices open.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrepareFast(IoOperation operation, int chunks, byte* memory, IoNotify notify, object? context)
    {
        if (!_isReset)
            Reset();
        Pending = chunks;
        _fastChunks = chunks;
        _buffer.SetRun(memory);
        Operation = operation;
        _notify = notify;
        if (context is not null)
            _context = context;
    }

    /// <summary>Leaves nothing of the life before: neither its results nor whom it would have told.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Reset()
    {
        if (_kind == RequestKind.Task)
            _awaiter!.EndCancellation();
        LegCount = 0;
        Cursor = 0;
        Pending = 0;
        Priority = 0;
        TransferFlags = 0;
        _failed = 0;
        _unsupported = 0;
        _kind = RequestKind.Callback;
        _notify = null;
        _context = null;
        _ownsMemory = false;
        _stopCause = IoFailureCause.None;
        _cancelRequested = false;
        _isReset = true;
    }

    /// <summary>Notes that a part of a region failed. The lowest region and the lowest sector in it are kept.</summary>
    public void Fail(int region, long sector, int errno, IoFailureCause cause)
    {
        ulong bit = 1ul << region;
        bool isFirst = (_failed | _unsupported) == 0;
        if (RetryRules.IsUnsupported(errno) && cause != IoFailureCause.RingLost && (_failed & bit) == 0)
        {
            _unsupported |= bit;
        }
        else
        {
            _failed |= bit;
            _unsupported &= ~bit;
        }

        IoFailure failure = new(region, sector, errno, cause);
        if (_hasMemory)
            _memory!.Report?.Add(failure);
        bool lower = isFirst
            || region < _first.Region
            || (region == _first.Region && sector < _first.Sector);
        if (lower)
            _first = failure;
    }

    /// <summary>Fails what is not cut yet of a leg; nothing more of it is issued.</summary>
    public void FailRest(int region, int errno, IoFailureCause cause)
    {
        ref Leg leg = ref Legs[region];
        Fail(region, leg.Offset / IoRegion.SectorSize, errno, cause);
        if (Operation == IoOperation.Read)
            Buffer.Clear(leg.Buffer, leg.Remaining);
        leg.Remaining = 0;
        leg.Stage = LegStage.Data;
    }

    /// <summary>Releases devices and memory: the kernel is done with both.</summary>
    /// <param name="devices">The devices of the engine that has the request; null where none has.</param>
    public void Release(DeviceTable? devices = null)
    {
        if (_hasMemory)
            ReleaseMemory();
        for (int i = 0; i < LegCount; i++)
        {
            ref Leg next = ref Legs[i];
            if (next.Slot == DeviceTable.NoSlot)
                next.Device.Release();
            else
                devices!.Exit(next.Slot);
            next.Device = null!;
        }

        LegCount = 0;
    }

    /// <summary>
    /// Takes over what the kernel still has of a request whose caller is told its end now: the private copy, the devices, the regions'
    /// places. The other is left with nothing, and may end and be used again. This one is never told to anybody.
    /// </summary>
    public void TakeResourcesOf(Request request)
    {
        IsAbandoned = true;
        Operation = request.Operation;
        Pending = 0;
        _buffer = request._buffer;
        request._buffer = default;
        (Legs, request.Legs) = (request.Legs, Legs);
        (LegCount, request.LegCount) = (request.LegCount, 0);
        (_memory, request._memory) = (request._memory, _memory);
        (_hasMemory, request._hasMemory) = (request._hasMemory, false);
        request._copyStart = 0;

        // The report is the caller's once it is told.
        _memory?.ForgetReport();
    }

    /// <summary>Whether each region is one write, whole or not at all.</summary>
    public bool IsAtomic => (TransferFlags & FileAbi.RWF_ATOMIC) != 0;

    public static uint TransferFlagsOf(IoFlags flags) =>
        ((flags & IoFlags.Fua) != 0 ? FileAbi.RWF_DSYNC : 0u) | ((flags & IoFlags.Atomic) != 0 ? FileAbi.RWF_ATOMIC : 0u);

    /// <summary>Memory that takes more than its address, or a report.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Pin(in IoBuffer buffer, IoReport? report)
    {
        _memory ??= new RequestMemory();
        _hasMemory = true;
        _buffer = _memory.Pin(buffer, report);
        _copyStart = _memory.CopyStart;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReleaseMemory()
    {
        _hasMemory = false;
        if (_memory!.ReleaseContiguous())
            return;
        _buffer = default;
        _copyStart = 0;
        _memory.Release();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Prepare(int index, ref Leg leg, in IoRegion region, LegStage stage, IoFlags flags)
    {
        leg.Offset = region.Sector * IoRegion.SectorSize;
        leg.Remaining = Operation.HasSectors() ? region.Count * IoRegion.SectorSize : 0;
        leg.Stage = stage;
        leg.Bounces = false;
        leg.IsWhole = false;
        if (Operation.HasBuffer() && leg.Remaining != 0)
        {
            leg.Buffer = Buffer.Seek(region.BufferOffset - _copyStart);
            DeviceGeometry geometry = region.Device.Geometry;
            leg.Bounces = !Buffer.IsAligned(leg.Buffer, leg.Remaining, geometry.MemoryAlignment, geometry.SegmentAlignment);
            if (leg.Bounces && !geometry.IsSegmentRuleKnown)
                region.Device.LearnSegmentRule();
        }

        IoFailureCause cause = RegionRules.Check(Operation, region, flags, out int errno);
        if (cause == IoFailureCause.None && Priority != 0 && region.Device.Namespace is not null)
            (cause, errno) = (IoFailureCause.NotByCommand, Interop.Errno.EOPNOTSUPP);
        if (cause != IoFailureCause.None)
            FailRest(index, errno, cause);
        else
            leg.IsWhole = RegionRules.IsWhole(Operation, region, flags);
    }
}
