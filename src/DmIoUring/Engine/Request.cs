using System.Buffers;
using DmIoUring.Interop;
using DmIoUring.Memory;

namespace DmIoUring.Engine;

/// <summary>
/// A request from the call that made it to its one end. Pooled. It belongs to the submitter until it is handed over,
/// then to the engine, then to whoever takes its result.
/// </summary>
internal sealed partial class Request(CallbackReporter reporter, RequestPool? home = null, int index = 0)
{
    private ulong _failed;
    private ulong _unsupported;
    private IoFailure _first;
    private IoReport? _report;
    private MemoryHandle _pin;
    private PageList _pages;
    private bool _ownsPages;

    /// <summary>Links the request into one list at a time: an inbox, then an engine's queue.</summary>
    public Request? Next { get; set; }

    public IoOperation Operation { get; private set; }

    public Leg[] Legs { get; private set; } = new Leg[1];

    public int LegCount { get; private set; }

    public RequestBuffer Buffer { get; private set; }

    /// <summary>RWF_* of every data entry.</summary>
    public uint TransferFlags { get; private set; }

    public ushort Priority { get; private set; }

    /// <summary>The leg that the next chunk is cut from; all are cut when it equals <see cref="LegCount"/>.</summary>
    public int Cursor { get; set; }

    /// <summary>Chunks not ended yet, plus one while chunks are still to be cut.</summary>
    public int Pending { get; set; }

    public IoResult Result => new(new RegionBits(_failed), new RegionBits(_unsupported), _first);

    /// <summary>Takes devices and memory into the request's keeping and decides which regions go on their way.</summary>
    /// <param name="operation">What to do.</param>
    /// <param name="regions">Where.</param>
    /// <param name="buffer">The caller's memory.</param>
    /// <param name="options">What else was asked for.</param>
    /// <param name="copy">Pages for a private copy of the buffer, which the request returns when it ends.</param>
    /// <remarks>Everything that is misuse was refused before; what is found here is a region's own failure.</remarks>
    public void Prepare(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, in PageList copy = default)
    {
        Operation = operation;
        bool copies = copy.Count > 0;
        if (copies)
        {
            Use(copy);
            _ownsPages = true;
        }

        Buffer = Pin(buffer, usePages: !copies);
        if (copies)
            Buffer = CopyTo(copy, buffer.Length);
        Priority = options.Priority.Value;
        TransferFlags = TransferFlagsOf(options.Flags);
        _report = options.Report;
        _report?.Clear();
        if (Legs.Length < regions.Length)
            Legs = new Leg[IoRegion.MaxRegions];
        Cursor = 0;
        Pending = 0;
        _stopAsked = false;
        StopCause = IoFailureCause.None;
        _failed = 0;
        _unsupported = 0;
        _first = default;
        LegStage stage = operation == IoOperation.Flush || (options.Flags & IoFlags.Preflush) != 0 ? LegStage.FlushFirst : LegStage.Data;
        for (int i = 0; i < regions.Length; i++)
        {
            regions[i].Device.AddReference();
            LegCount = i + 1;
            Prepare(i, regions[i], stage, options.Flags);
        }
    }

    /// <summary>Notes that a part of a region failed. The lowest region and the lowest sector in it are kept.</summary>
    public void Fail(int region, long sector, int errno, IoFailureCause cause)
    {
        ulong bit = 1ul << region;
        if (TransferRules.IsUnsupported(errno) && (_failed & bit) == 0)
        {
            _unsupported |= bit;
        }
        else
        {
            _failed |= bit;
            _unsupported &= ~bit;
        }

        IoFailure failure = new(region, sector, errno, cause);
        _report?.Add(failure);
        bool lower = _first.Cause == IoFailureCause.None
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

    /// <summary>Lets go of devices and memory: the kernel is done with both.</summary>
    public void Release()
    {
        _pin.Dispose();
        _pin = default;
        _segments?.Release();
        ReleasePages();
        for (int i = 0; i < LegCount; i++)
        {
            Legs[i].Device.Release();
            Legs[i].Device = null!;
        }

        LegCount = 0;
        _report = null;
    }

    private void Use(in PageList pages)
    {
        pages.BeginUse();
        _pages = pages;
    }

    /// <summary>Copies the caller's memory into pages of the request's own, and lets go of the caller's.</summary>
    private unsafe RequestBuffer CopyTo(in PageList copy, long length)
    {
        BufferCursor from = Buffer.Seek(0);
        PageCursor at = copy.CursorAt(0);
        while (length > 0 && copy.TryGetRun(ref at, length, out byte* start, out long run))
        {
            Buffer.CopyTo(from, start, run);
            Buffer.Advance(ref from, run);
            length -= run;
        }

        _pin.Dispose();
        _pin = default;
        _segments?.Release();
        return new RequestBuffer(copy, 0);
    }

    private void ReleasePages()
    {
        if (_pages.Count == 0)
            return;
        PageList pages = _pages;
        _pages = default;
        pages.EndUse();
        if (_ownsPages)
            pages.Dispose();
        _ownsPages = false;
    }

    /// <summary>Keeps managed memory where it is until the request ends.</summary>
    private unsafe RequestBuffer Pin(in IoBuffer buffer, bool usePages)
    {
        switch (buffer.Kind)
        {
            case IoBufferKind.Native or IoBufferKind.Memory:
                _pin = buffer.Pin(out byte* start);
                return new RequestBuffer(start);
            case IoBufferKind.Vectors:
                _pin = buffer.VectorArray.Pin();
                return new RequestBuffer((IoVector*)_pin.Pointer, buffer.VectorArray.Length);
            case IoBufferKind.Pages:
                if (usePages)
                    Use(buffer.PageList);
                return new RequestBuffer(buffer.PageList, buffer.FirstOffset);
            default:
                _segments ??= new SegmentStore();
                foreach (Memory<byte> segment in buffer.Segments.Span)
                    _segments.Add(segment);
                foreach (ReadOnlyMemory<byte> segment in buffer.Sequence)
                    _segments.Add(segment);
                return _segments.Buffer;
        }
    }

    public static uint TransferFlagsOf(IoFlags flags) =>
        ((flags & IoFlags.Fua) != 0 ? FileAbi.RWF_DSYNC : 0u) | ((flags & IoFlags.Atomic) != 0 ? FileAbi.RWF_ATOMIC : 0u);

    private void Prepare(int index, in IoRegion region, LegStage stage, IoFlags flags)
    {
        ref Leg leg = ref Legs[index];
        leg.Device = region.Device;
        leg.Offset = region.Sector * IoRegion.SectorSize;
        leg.Remaining = Operation == IoOperation.Flush ? 0 : region.Count * IoRegion.SectorSize;
        leg.Stage = stage;
        leg.Bounces = false;
        if (Operation is IoOperation.Read or IoOperation.Write && leg.Remaining != 0)
        {
            leg.Buffer = Buffer.Seek(region.BufferOffset);
            leg.Bounces = !Buffer.IsAligned(leg.Buffer, leg.Remaining, region.Device.MemoryAlignment);
        }

        IoFailureCause cause = RegionRules.Check(Operation, region, flags, out int errno);
        if (cause != IoFailureCause.None)
            FailRest(index, errno, cause);
    }
}
