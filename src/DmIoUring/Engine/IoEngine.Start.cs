using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>The straight way: regions that are one chunk of plain memory each, from the call into the ring's queue.</content>
/// <remarks>
/// Everything here is what <see cref="Request"/>'s Prepare, <see cref="Cut"/> and <see cref="TryFill"/> do for such a request, without the
/// questions that it does not raise. Whatever is not plain and right is theirs: they also know what is wrong. A chunk that was started so
/// keeps its device open by itself (<see cref="Chunk.Slot"/>), and its request has no legs.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>No offset is beyond it.</summary>
    private const ulong MostSectors = long.MaxValue / IoRegion.SectorSize / 2;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override bool TryStart(IoOperation operation, in IoRegion region, byte* memory, long length, IoNotify notify, object? context)
    {
        if (!MayStart(1) || !IsStraight(operation, region, memory, length))
            return false;
        LookAtPool();
        Request request = Spares!.Take();
        request.PrepareStarted(operation, chunks: 1, memory, notify, context);
        FillStarted(request, operation, region, 0, memory);
        InFlight++;
        _inKernel++;
        Counters.Entries++;
        return true;
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override bool TryStart(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory, long length, IoNotify notify, object? context)
    {
        if (!MayStart(regions.Length))
            return false;
        foreach (ref readonly IoRegion region in regions)
        {
            if (!IsStraight(operation, region, memory, length))
                return false;
        }

        LookAtPool();
        Request request = Spares!.Take();
        request.PrepareStarted(operation, regions.Length, memory, notify, context);
        for (int i = 0; i < regions.Length; i++)
            FillStarted(request, operation, regions[i], i, memory);
        InFlight += regions.Length;
        _inKernel += regions.Length;
        Counters.Entries += regions.Length;
        return true;
    }

    /// <summary>Whether so many chunks can be started: nobody waits before them, and there are places and entries for all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayStart(int chunks) =>
        _startsStraight && _queueFirst is null && _again.IsEmpty && chunks <= _owners.Length - InFlight && chunks <= _ring.Room;

    /// <summary>Whether a region is right, on a device that is held, and one chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsStraight(IoOperation operation, in IoRegion region, byte* memory, long length)
    {
        BlockDevice? device = region.Device;
        if (device is null || !Devices!.IsHeld(device))
            return false;
        DeviceGeometry geometry = device.Geometry;
        ulong sector = (ulong)region.Sector;
        ulong count = (ulong)region.Count;
        ulong at = (ulong)region.BufferOffset;
        long size = (long)count * IoRegion.SectorSize;
        long offset = (long)sector * IoRegion.SectorSize;
        byte* start = memory + at;

        // Negative numbers are large ones here, and none is so large that a sum overflows.
        return count - 1 < (uint)_chunkBytes / IoRegion.SectorSize
            && sector < MostSectors
            && (ulong)(offset + size) <= (ulong)geometry.Size
            && at <= (ulong)length
            && (ulong)size <= (ulong)length - at
            && ((offset | size) & (geometry.LogicalBlockSize - 1)) == 0
            && ((nint)start & (geometry.MemoryAlignment - 1)) == 0
            && ((nint)start & PageMask) + size <= _chunkBytes
            && (operation == IoOperation.Read || (operation == IoOperation.Write && !geometry.IsReadOnly));
    }

    /// <summary>Makes a straight region's chunk and entry, in the first free place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FillStarted(Request request, IoOperation operation, in IoRegion region, int place, byte* memory)
    {
        int slot = Devices!.EnterHeld(region.Device);
        ref readonly DeviceSlot held = ref Devices[slot];
        EntryRoute route = _ring.Polls(EntryRoute.MayPoll) ? held.Route : EntryRoute.MayPoll;
        IoUringSqe* entry = _ring.TryNext(route);
        int index = _free.RemoveFirst();
        Chunk* chunk = &_chunks[index];
        _owners[index] = request;
        long offset = region.Sector * IoRegion.SectorSize;
        long size = region.Count * IoRegion.SectorSize;
        byte* start = memory + region.BufferOffset;

        // IsStraight has said that it is one of the two.
        ChunkKind kind = operation == IoOperation.Read ? ChunkKind.Read : ChunkKind.Write;
        EntryWriter.WriteRun(entry, kind, held.EntryFlags, priority: 0, held.File, offset, start, (uint)size, flags: 0, ((ulong)chunk->Generation << 32) | (uint)index);
        chunk->Offset = offset;
        chunk->Buffer = start;
        chunk->LengthAndRun = ((ulong)size << 32) | (ulong)size;
        chunk->NextRunAndFile = (ulong)(uint)held.File << 32;
        chunk->State = Chunk.StartedState(kind, place, held.EntryFlags, route);
        chunk->Slot = slot;
        if (_hasTable)
            UseRegistered(entry, kind, start);
    }
}
