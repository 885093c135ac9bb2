using System.Buffers;
using System.Runtime.InteropServices;

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
    private MemoryHandle _pin;

    /// <summary>Links the request into one list at a time: an inbox, then an engine's queue, then the pool.</summary>
    public Request? Next { get; set; }

    public IoOperation Operation { get; set; }

    public Leg[] Legs { get; private set; } = new Leg[1];

    public int LegCount { get; private set; }

    /// <summary>The leg that the next chunk is cut from; all are cut when it equals <see cref="LegCount"/>.</summary>
    public int Cursor { get; set; }

    /// <summary>Chunks not ended yet, plus one while chunks are still being cut.</summary>
    public int Pending { get; set; }

    public IoResult Result => new(new RegionBits(_failed), new RegionBits(_unsupported), _first);

    /// <summary>Takes devices and memory into the request's keeping and decides which regions go on their way.</summary>
    /// <remarks>Everything that is misuse was refused before; what is found here is a region's own failure.</remarks>
    public unsafe void Prepare(IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* buffer)
    {
        Operation = operation;
        if (Legs.Length < regions.Length)
            Legs = new Leg[IoRegion.MaxRegions];
        Cursor = 0;
        _failed = 0;
        _unsupported = 0;
        _first = default;
        for (int i = 0; i < regions.Length; i++)
        {
            ref readonly IoRegion region = ref regions[i];
            region.Device.AddReference();
            LegCount = i + 1;
            ref Leg leg = ref Legs[i];
            leg.Device = region.Device;
            leg.Offset = region.Sector * IoRegion.SectorSize;
            leg.Remaining = region.Count * IoRegion.SectorSize;
            leg.Buffer = buffer;
            IoFailureCause cause = RegionRules.Check(operation, region, out int errno);
            if (cause == IoFailureCause.None)
                continue;
            Fail(i, region.Sector, errno, cause);
            if (operation == IoOperation.Read)
                NativeMemory.Clear(buffer, (nuint)leg.Remaining);
            leg.Remaining = 0;
        }
    }

    /// <summary>Keeps managed memory where it is until the request ends.</summary>
    public void Keep(MemoryHandle pin) => _pin = pin;

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

        bool lower = _first.Cause == IoFailureCause.None
            || region < _first.Region
            || (region == _first.Region && sector < _first.Sector);
        if (lower)
            _first = new IoFailure(region, sector, errno, cause);
    }

    /// <summary>Lets go of devices and memory: the kernel is done with both.</summary>
    public void Release()
    {
        _pin.Dispose();
        _pin = default;
        for (int i = 0; i < LegCount; i++)
        {
            Legs[i].Device.Release();
            Legs[i].Device = null!;
        }

        LegCount = 0;
    }
}
