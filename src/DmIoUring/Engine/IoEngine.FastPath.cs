using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>The fast path: regions that are one contiguous chunk each are written into the ring's queue directly.</content>
/// <remarks>
/// It does what <see cref="Request"/>'s Prepare, <see cref="Split"/> and <see cref="TryFill"/> do for such a request. The caller has checked that each
/// region is valid and one chunk (Submission/Admission). A chunk of the fast path keeps its device open itself (<see cref="Chunk.Slot"/>), and its
/// request has no legs.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <inheritdoc/>
    [SkipLocalsInit]
    public override bool TryAcceptFast(Request request, IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory)
    {
        if (!HasRoomForFast(regions.Length) || !HasRoomForFast(regions))
            return false;
        ChunkKind kind = TransferKind(operation);
        RefreshRegistrations();
        if (regions.Length == 1)
            FillFast(request, kind, regions[0], 0, memory);
        else
            FillAllFast(request, kind, regions, memory);
        Counters.Accepted++;
        request.Taken = TurnBegan;
        if (_isTimed)
            NoteTimes(request);
        InFlight += regions.Length;
        _inKernel += regions.Length;
        Counters.Entries += regions.Length;
        return true;
    }

    /// <summary>Whether so many chunks can be issued now: no others wait, and there are free slots and ring entries for all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasRoomForFast(int chunks) =>
        _hasFastPath && _queue.First is null && _again.IsEmpty && chunks <= _owners.Length - InFlight && chunks <= _ring.Room;

    /// <summary>Whether each region's device has room. One that is named by several regions is asked for room for all of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasRoomForFast(ReadOnlySpan<IoRegion> regions) => regions.Length == 1 ? HasRoom(regions[0].Device, 1) : HaveRoom(regions);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool HaveRoom(ReadOnlySpan<IoRegion> regions)
    {
        foreach (ref readonly IoRegion region in regions)
        {
            if (!HasRoom(region.Device, regions.Length))
                return false;
        }

        return true;
    }

    /// <summary>Two comparisons where a switch would be a jump through a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ChunkKind TransferKind(IoOperation operation) =>
        operation == IoOperation.Read ? ChunkKind.Read : operation == IoOperation.Write ? ChunkKind.Write : NoTransfer(operation);

    private static ChunkKind NoTransfer(IoOperation operation) => throw new UnreachableException($"{operation} is neither a read nor a write, and can't use the fast path.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FillAllFast(Request request, ChunkKind kind, ReadOnlySpan<IoRegion> regions, byte* memory)
    {
        for (int i = 0; i < regions.Length; i++)
            FillFast(request, kind, regions[i], i, memory);
    }

    /// <summary>Writes a region's chunk, in the first free slot, and its entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FillFast(Request request, ChunkKind kind, in IoRegion region, int regionIndex, byte* memory)
    {
        int slot = Devices!.EnterHeld(region.Device);
        ref readonly DeviceSlot held = ref Devices[slot];
        int index = _free.RemoveFirst();
        Chunk* chunk = &_chunks[index];
        _owners[index] = request;
        long offset = region.Sector * IoRegion.SectorSize;
        long size = region.Count * IoRegion.SectorSize;
        EntryRoute route = !_ring.Polls(EntryRoute.MayPoll) ? EntryRoute.MayPoll : size <= ChunkRules.MaxPolledBytes ? held.Route : EntryRoute.NoPoll;
        IoUringSqe* entry = _ring.TryNext(route);
        byte* start = memory + region.BufferOffset;
        EntryWriter.WriteRun(entry, kind, held.EntryFlags, priority: 0, held.File, offset, start, (uint)size, flags: 0, UserData(chunk, index));
        chunk->Offset = offset;
        chunk->Buffer = start;
        chunk->LengthAndRun = ((ulong)size << 32) | (ulong)size;
        chunk->NextRunAndFile = (ulong)(uint)held.File << 32;
        chunk->State = Chunk.FastPathState(kind, regionIndex, held.EntryFlags, route);
        chunk->Slot = slot;
        if (_hasTable)
            UseRegistered(entry, kind, start, (uint)size, region.Device.Geometry.RegisteredMask);
    }
}
