using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Telemetry;

namespace DmIoUring.Engine;

/// <content>Counts by device what has ended.</content>
/// <remarks>
/// Operations are counted by region: a chunk of the fast path is one, and the legs of every other request are counted when it ends. Bytes are counted by chunk.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>
    /// Whether somebody listened, when the present turn began, to a histogram of what takes the fast path, or of batches. Looked up once a turn: a reactor's
    /// requests before its next are not timed yet.
    /// </summary>
    private bool _isTimed;
    private bool _recordsBatches;

    /// <summary>Instead of a slot: the path is at hand.</summary>
    private const int SlotOfPath = int.MinValue;

    /// <summary>The slot of the device whose chunk ended last, and the path of a device whose request did not take the fast path.</summary>
    private int _endedSlot = DeviceTable.NoSlot;
    private string? _endedPath;

    /// <summary>Entries when the ring was entered last, and the batches since then that are to be recorded.</summary>
    private long _entered;
    private List<long>? _batches;

    public override string? LastDevice
    {
        get
        {
            int slot = Volatile.Read(ref _endedSlot);
            if (slot == SlotOfPath)
                return _endedPath;
            return slot == DeviceTable.NoSlot || Devices is not { } devices ? null : Volatile.Read(in devices[slot].Device)?.Path;
        }
    }

    /// <summary>Counts bytes of a chunk that were transferred.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Count(Chunk* chunk, Request request, uint bytes) => Count(chunk, request, ChunkRules.BytesOf(chunk->Kind), bytes);

    private void Count(Chunk* chunk, Request request, DeviceCounter counter, long number)
    {
        if (chunk->Slot >= 0)
            Devices![chunk->Slot].Counters.Add(counter, number);
        else
            Count(request.Legs[chunk->Region], counter, number);
    }

    /// <summary>A device that is held has counters of this engine's own; any other's are shared.</summary>
    private void Count(in Leg leg, DeviceCounter counter, long number)
    {
        if (leg.Slot != DeviceTable.NoSlot)
            Devices![leg.Slot].Counters.Add(counter, number);
        else
            leg.Device.Counters.Shared.AddShared(counter, number);
    }

    private void NoteShortTransfer(Chunk* chunk, Request request)
    {
        // Zeroes are written in pieces of the pages that hold them.
        if (chunk->Kind == ChunkKind.ZeroPages)
            return;
        Counters.ShortTransfers++;
        Count(chunk, request, DeviceCounter.ShortTransfers, 1);
    }

    private void NoteRetry(Chunk* chunk, Request request, int errno)
    {
        Counters.Retries++;
        Count(chunk, request, DeviceCounter.Retries, 1);
        Telemetry.Retried(DeviceOf(chunk, request).Counters, chunk->Offset / IoRegion.SectorSize, errno, chunk->Attempts);
    }

    /// <summary>The only chunk of a region has failed.</summary>
    private void NoteFastFailure(Chunk* chunk, Request request, int errno, IoFailureCause cause)
    {
        bool isUnsupported = !request.HasFailed(chunk->Region);
        Count(chunk, request, isUnsupported ? DeviceCounter.Unsupported : DeviceCounter.Failed, 1);
        Tell(DeviceOf(chunk, request), request, chunk->Offset / IoRegion.SectorSize, errno, cause, isUnsupported);
    }

    private void Tell(BlockDevice device, Request request, long sector, int errno, IoFailureCause cause, bool isUnsupported) => Telemetry.RegionFailed(
        device.Counters, Tags.OperationName((int)request.Operation), sector, errno, cause.Name(), isUnsupported);

    /// <summary>Counts the regions of a request that has ended, while it still has its legs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CountRegions(Request request)
    {
        if (request.WillBeRepeated)
            return;
        for (int region = 0; region < request.LegCount; region++)
        {
            ref readonly Leg leg = ref request.Legs[region];
            if (leg.Slot == DeviceTable.NoSlot)
                leg.Device.Counters.ReportBy(Telemetry.Instruments);
            if (request.FlushesFirst)
                Count(leg, DeviceCounter.Flushes, 1);
            if (leg.Length > 0)
                Count(leg, (DeviceCounter)request.Operation, 1);
            bool isUnsupported = request.IsUnsupported(region);
            bool isWell = !isUnsupported && !request.HasFailed(region);
            if (!isWell)
            {
                Count(leg, isUnsupported ? DeviceCounter.Unsupported : DeviceCounter.Failed, 1);
                Tell(leg.Device, request, leg.FailedSector, leg.FailedErrno, leg.FailedCause, isUnsupported);
            }

            if (leg.Ended != 0)
                Telemetry.Instruments.RecordOperation(leg.Device.Counters.Name, (int)request.Operation, leg.Ended - leg.Began, isWell ? 0 : leg.FailedErrno);
        }
    }

    private void LookForListeners()
    {
        IoInstruments instruments = Telemetry.Instruments;
        _isTimed = instruments.OperationDuration.Enabled || instruments.RequestDuration.Enabled;
        _recordsBatches = instruments.BatchSize.Enabled;
    }

    /// <summary>Gives a request of the fast path its times.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void NoteTimes(Request request) => request.NoteTimes(Stopwatch.GetTimestamp());

    /// <summary>Somebody asks how long operations take.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BeginRegions(Request request)
    {
        long now = Stopwatch.GetTimestamp();
        for (int region = 0; region < request.LegCount; region++)
            request.Legs[region].Began = now;
    }

    /// <summary>Records how long the region of a chunk of the fast path has taken.</summary>
    private void RecordFast(Chunk* chunk, Request request)
    {
        long ticks = Stopwatch.GetTimestamp() - request.Began;
        int errno = request.HasFailed(chunk->Region) || request.IsUnsupported(chunk->Region) ? request.Result.First.Errno : 0;
        Telemetry.Instruments.RecordOperation(Devices![chunk->Slot].Device!.Counters.Name, (int)chunk->Kind, ticks, errno);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RecordRequest(Request request)
    {
        long ticks = Stopwatch.GetTimestamp() - request.Submitted;
        if (!request.WillBeRepeated)
            Telemetry.Instruments.RecordRequest(Telemetry.Name, (int)request.Operation, ticks, request.Result.First.Errno);
    }

    /// <summary>The ring is about to be entered.</summary>
    private void NoteBatch()
    {
        long entries = Counters.Entries - _entered;
        _entered = Counters.Entries;
        if (entries > 0 && _recordsBatches)
            (_batches ??= []).Add(entries);
    }

    /// <summary>Not where the ring is entered, which may be in the middle of a split: a listener might submit something.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RecordBatches()
    {
        for (int i = 0; i < _batches!.Count; i++)
            Telemetry.Instruments.RecordBatch(Telemetry.Name, _batches[i]);
        _batches.Clear();
    }
}
