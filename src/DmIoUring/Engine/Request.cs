using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <summary>
/// A request, pooled. It belongs to the submitting thread until that has passed it to an engine, then to the engine until it has ended, then to the
/// receiver of its result.
/// </summary>
/// <remarks>State that few requests need is in separate objects, allocated when first needed and kept, because this object must stay small.</remarks>
internal sealed unsafe partial class Request(CallbackReporter reporter, RequestPool? pool = null, int index = 0)
{
    private RequestMemory? _memory;
    private ulong _failed;
    private ulong _unsupported;
    private bool _hasMemory;
    private bool _ownsMemory;

    /// <summary>Whether its fields are as <see cref="Reset"/> leaves them, except for what the fast path sets.</summary>
    private bool _isReset;
    private int _fastChunks;
    private IoFailure _first;
    private RequestBuffer _buffer;

    /// <summary>The offset in the caller's buffer at which <see cref="_buffer"/> begins: not 0 for a private copy of a part.</summary>
    private long _copyStart;
    private long _submitted;

    /// <summary>The index of the next request on the <see cref="RequestFreeList"/>.</summary>
    public int NextFree { get; set; }

    /// <summary>The link of the one list that it is in: an inbox, an engine's queue, or its stopped requests.</summary>
    public Request? Next { get; set; }

    public IoOperation Operation { get; private set; }

    public Leg[] Legs { get; private set; } = new Leg[1];

    /// <summary>How many legs it has: one for each region, or 0 on the fast path.</summary>
    public int LegCount { get; private set; }

    public int RegionCount => LegCount > 0 ? LegCount : _fastChunks;

    public ref readonly RequestBuffer Buffer => ref _buffer;

    /// <summary>RWF_* of every data entry, except of the legs that flush last.</summary>
    public uint TransferFlags { get; private set; }

    public ushort Priority { get; private set; }

    /// <summary>The leg that is split next; <see cref="LegCount"/> when all are.</summary>
    public int Cursor { get; set; }

    /// <summary>Whether the kernel uses none of the caller's memory: a stable copy was asked for, and made where there was something to copy.</summary>
    public bool OwnsMemory => _ownsMemory;

    /// <summary>Whether its caller has the result already, and only the kernel still uses its resources; see <see cref="TakeResourcesOf"/>.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Chunks that have not ended, plus one while the request is in the queue, or stopped and not ended.</summary>
    public int Pending { get; set; }

    public IoResult Result => (_failed | _unsupported) == 0
        ? default
        : new(new RegionBits(_failed), new RegionBits(_unsupported), _first);

    /// <summary>Takes ownership of pages for a private copy of the buffer, which return to their pool when the request ends. Must be called before <see cref="Prepare(in RequestSpec, DeviceTable?)"/>.</summary>
    /// <param name="copy">The pages.</param>
    /// <param name="start">The first byte of the buffer to copy.</param>
    /// <param name="length">How many.</param>
    public void TakeCopy(in PageList copy, long start, long length)
    {
        (_memory ??= new RequestMemory()).TakeCopy(copy, start, length);
        _hasMemory = true;
    }

    /// <summary>Pins a contiguous buffer, for the fast path.</summary>
    /// <param name="buffer">The caller's memory.</param>
    /// <param name="pins">The pins of the engine's owner.</param>
    /// <param name="memory">Its first byte.</param>
    /// <returns>Whether it is pinned. False when it is scattered, was disposed, or would need an allocation; no exception is thrown for these.</returns>
    public bool TryPinContiguous(in IoBuffer buffer, SharedPins pins, out byte* memory)
    {
        memory = null;
        return _hasMemory = _memory is { } kept && kept.TryPinContiguous(buffer, pins, out memory);
    }

    /// <summary>The same for memory whose owner is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPin(IoMemory owner, SharedPins pins) => _hasMemory = _memory is { } kept && kept.TryPin(owner, pins);

    /// <summary>Pins the memory, holds the devices, and decides which regions are to be transferred.</summary>
    /// <param name="spec">The request. Misuse was refused before; what is found here fails a region only.</param>
    /// <param name="devices">The devices of the engine that gets the request, when the calling thread owns it; otherwise null.</param>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed meanwhile. The caller must then <see cref="Release"/> the request.</exception>
    public void Prepare(in RequestSpec spec, DeviceTable? devices = null)
    {
        if (!_isReset)
            Reset();
        _isReset = false;
        IsPlain = false;
        ref readonly IoRequestOptions options = ref spec.Options;
        Operation = spec.Operation;
        Priority = options.Priority.Value;
        TransferFlags = TransferFlagsOf(options.Flags);
        _ownsMemory = spec.AsksForStableCopy && (_hasMemory || spec.CopyRange().Length == 0);

        // With nothing to copy, nothing must be pinned either.
        ref readonly IoBuffer buffer = ref _ownsMemory && !_hasMemory ? ref RequestSpec.NoBuffer : ref spec.Buffer;
        if (buffer.IsRawPointer && !_hasMemory && options.Report is null)
            _buffer.SetRun(buffer.Pointer);
        else
            Pin(buffer, options.Report);
        if (Legs.Length < spec.Regions.Length)
            Legs = new Leg[IoRegion.MaxRegions];
        _oddEnd = spec.Operation == IoOperation.Read ? OddEndOf(spec.Regions[0]) : 0;
        FlushesFirst = Operation == IoOperation.Flush || (options.Flags & IoFlags.Preflush) != 0;
        LegStage stage = FlushesFirst ? LegStage.MustFlush : LegStage.Data;
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

    /// <summary>Where a read's region ends, in bytes on the device, plus how many of its bytes lie beyond the file's odd end, which are less than a sector; 0 for none.</summary>
    private static long OddEndOf(in IoRegion region)
    {
        int bytes = RegionRules.OddBytes(IoOperation.Read, region);
        return bytes == 0 ? 0 : ((region.Sector + region.Count) * IoRegion.SectorSize) + bytes;
    }

    /// <summary>Whether a read's chunk has all that the file had when the request was submitted: it ends inside the chunk's last sector.</summary>
    /// <param name="chunk">The chunk, before it is moved.</param>
    /// <param name="result">Bytes transferred, or the negated errno.</param>
    public bool HasOddEnd(Chunk* chunk, int result) =>
        LegCount > 0
        && _oddEnd != 0
        && chunk->Offset + chunk->Length == (_oddEnd & -IoRegion.SectorSize)
        && result >= 0
        && result < (long)chunk->Length
        && result >= chunk->Length - (_oddEnd & (IoRegion.SectorSize - 1));

    /// <summary>The same on the fast path: each chunk keeps its device open.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrepareFast(IoOperation operation, int chunks, byte* memory)
    {
        if (!_isReset)
            Reset();
        Pending = chunks;
        _fastChunks = chunks;
        _buffer.SetRun(memory);
        Operation = operation;
    }

    /// <summary>Clears the results and the callback of the last use.</summary>
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
        FlushesLast = false;
        DependsOnFlush = false;
        _failed = 0;
        _unsupported = 0;
        _kind = _callbackKind;
        _notify = null;
        _context = null;
        _ownsMemory = false;
        _stopCause = IoFailureCause.None;
        _cancelRequested = false;
        IsRepeatedIfLost = false;
        ForgetTimes();
        _isReset = true;
    }

    /// <summary>Records that a part of a region failed. The lowest region, and its lowest sector, is the result's first failure.</summary>
    public void Fail(int region, long sector, int errno, IoFailureCause cause)
    {
        ulong bit = 1ul << region;
        bool isFirst = (_failed | _unsupported) == 0;
        if (region < LegCount)
            NoteFailure(ref Legs[region], isFirst: ((_failed | _unsupported) & bit) == 0, sector, errno, cause);
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

    /// <summary>Fails the part of a leg that was not issued yet; nothing more of it is issued.</summary>
    public void FailRest(int region, int errno, IoFailureCause cause)
    {
        ref Leg leg = ref Legs[region];
        Fail(region, leg.Offset / IoRegion.SectorSize, errno, cause);
        if (Operation == IoOperation.Read)
            Buffer.Clear(leg.Buffer, leg.Remaining);
        leg.Remaining = 0;
        leg.Stage = LegStage.Data;
    }

    /// <summary>Releases devices and memory. The kernel must have completed all chunks.</summary>
    /// <param name="devices">The devices of the engine that has the request; null where no engine has it.</param>
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
    /// Takes the resources that abandoned chunks of another request still need: the private copy, the devices, the legs. The other request is left
    /// without resources, and may end and be reused. The end of this one is reported to nobody.
    /// </summary>
    public void TakeResourcesOf(Request request)
    {
        IsAbandoned = true;
        Operation = request.Operation;
        Pending = 0;
        Taken = request.Taken;
        _buffer = request._buffer;
        request._buffer = default;
        (Legs, request.Legs) = (request.Legs, Legs);
        (LegCount, request.LegCount) = (request.LegCount, 0);
        (_memory, request._memory) = (request._memory, _memory);
        (_hasMemory, request._hasMemory) = (request._hasMemory, false);
        request._copyStart = 0;

        // The report belongs to the caller again when the request ends.
        _memory?.ForgetReport();
    }

    /// <summary>Whether each region is one atomic write.</summary>
    public bool IsAtomic => (TransferFlags & FileAbi.RWF_ATOMIC) != 0;

    public static uint TransferFlagsOf(IoFlags flags) =>
        ((flags & IoFlags.Fua) != 0 ? FileAbi.RWF_DSYNC : 0u) | ((flags & IoFlags.Atomic) != 0 ? FileAbi.RWF_ATOMIC : 0u);

    /// <summary>Pins memory that is more than an address, and takes the report.</summary>
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
        leg.Start = region.Sector * IoRegion.SectorSize;
        leg.Offset = leg.Start;
        leg.Remaining = Operation.HasSectors() ? region.Count * IoRegion.SectorSize : 0;
        leg.Length = leg.Remaining;
        leg.Began = 0;
        leg.Ended = 0;
        leg.Stage = stage;
        leg.Bounces = false;
        leg.FlushesLast = false;
        leg.Unfinished = 0;
        leg.IsWhole = false;
        leg.DependsOnFlush = RegionRules.DependsOnFlush(Operation, flags, region.Device);
        if (leg.DependsOnFlush)
        {
            // Read before the region is checked for a doubt.
            leg.FailedFlushes = region.Device.Durability.FailedFlushes;
            if (!DependsOnFlush)
                _submitted = Stopwatch.GetTimestamp();
            leg.Submitted = _submitted;
            DependsOnFlush = true;
        }

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
            (cause, errno) = (IoFailureCause.NotByCommand, Errno.EOPNOTSUPP);
        if (cause == IoFailureCause.None)
        {
            leg.IsWhole = RegionRules.IsWhole(Operation, region, flags);
            return;
        }

        FailRest(index, errno, cause);
        leg.DependsOnFlush = false;
    }
}
