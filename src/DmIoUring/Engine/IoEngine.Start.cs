using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <content>The fast path: regions that are one chunk of one piece of memory each, from the call into the ring's queue.</content>
/// <remarks>
/// It does what <see cref="Request"/>'s Prepare, <see cref="Cut"/> and <see cref="TryFill"/> do for such a request. That each region is valid and
/// one chunk was found before (Submission/Admission). A chunk that was started so keeps its device open by itself
/// (<see cref="Chunk.Slot"/>), and its request has no legs.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <inheritdoc/>
    [SkipLocalsInit]
    public override bool TryStart(Request request, IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory)
    {
        if (!MayStart(regions.Length))
            return false;
        LookAtPool();
        if (regions.Length == 1)
            FillStarted(request, operation, regions[0], 0, memory);
        else
            FillAllStarted(request, operation, regions, memory);
        InFlight += regions.Length;
        _inKernel += regions.Length;
        Counters.Entries += regions.Length;
        return true;
    }

    /// <summary>Whether so many chunks can be started: nobody waits before them, and there are places and entries for all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayStart(int chunks) =>
        _startsStraight && _queueFirst is null && _again.IsEmpty && chunks <= _owners.Length - InFlight && chunks <= _ring.Room;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FillAllStarted(Request request, IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory)
    {
        for (int i = 0; i < regions.Length; i++)
            FillStarted(request, operation, regions[i], i, memory);
    }

    /// <summary>Makes a region's chunk and entry, in the first free place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FillStarted(Request request, IoOperation operation, in IoRegion region, int place, byte* memory)
    {
        IoUringSqe* entry = _ring.TryNext();
        int slot = Devices!.EnterHeld(region.Device);
        ref readonly DeviceSlot held = ref Devices[slot];
        int index = _free.RemoveFirst();
        Chunk* chunk = &_chunks[index];
        _owners[index] = request;
        long offset = region.Sector * IoRegion.SectorSize;
        long size = region.Count * IoRegion.SectorSize;
        byte* start = memory + region.BufferOffset;

        // Each field of the entry is written once, and all of them: nothing is left of the entry before.
        byte opcode = operation == IoOperation.Read ? IoUring.IORING_OP_READ : IoUring.IORING_OP_WRITE;
        ulong* words = (ulong*)entry;
        words[0] = opcode | ((ulong)held.EntryFlags << 8) | ((ulong)(uint)held.File << 32);
        words[1] = (ulong)offset;
        words[2] = (ulong)start;
        words[3] = (ulong)size;
        words[4] = ((ulong)chunk->Generation << 32) | (uint)index;
        words[5] = 0;
        words[6] = 0;
        words[7] = 0;

        chunk->Offset = offset;
        chunk->Buffer = start;
        chunk->LengthAndRun = ((ulong)size << 32) | (ulong)size;
        chunk->NextRunAndFile = (ulong)(uint)held.File << 32;
        chunk->State = Chunk.StartedState(operation == IoOperation.Read ? ChunkKind.Read : ChunkKind.Write, place, held.EntryFlags);
        chunk->Slot = slot;
        if (_hasTable)
            UseRegistered(entry, chunk);
    }
}
