using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <content>The straight way: one region in one chunk of plain memory, from the call into the ring's queue.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>No offset is beyond it.</summary>
    private const ulong MostSectors = long.MaxValue / IoRegion.SectorSize / 2;

    /// <inheritdoc/>
    /// <remarks>
    /// Everything here is what <see cref="Request"/>'s Prepare, <see cref="Cut"/> and <see cref="TryFill"/> do for such a request, without the
    /// questions that it does not raise. Whatever is not plain and right is theirs: they also know what is wrong.
    /// </remarks>
    [SkipLocalsInit]
    public override bool TryStart(IoOperation operation, in IoRegion region, byte* memory, long length, IoNotify notify, object? context)
    {
        BlockDevice? device = region.Device;
        if (device is null || !_startsStraight || _queueFirst is not null || !_again.IsEmpty || _free.IsEmpty)
            return false;
        DeviceTable devices = Devices!;
        if (!devices.TryEnterHeld(device, out int slot))
            return false;

        DeviceGeometry geometry = device.Geometry;
        ulong sector = (ulong)region.Sector;
        ulong count = (ulong)region.Count;
        ulong at = (ulong)region.BufferOffset;
        long size = (long)count * IoRegion.SectorSize;
        long offset = (long)sector * IoRegion.SectorSize;
        byte* start = memory + at;

        // Negative numbers are large ones here, and none is so large that a sum overflows.
        bool fits = count - 1 < (uint)_chunkBytes / IoRegion.SectorSize
            && sector < MostSectors
            && (ulong)(offset + size) <= (ulong)geometry.Size
            && at <= (ulong)length
            && (ulong)size <= (ulong)length - at;
        bool suits = ((offset | size) & (geometry.LogicalBlockSize - 1)) == 0
            && ((nint)start & (geometry.MemoryAlignment - 1)) == 0
            && ((nint)start & PageMask) + size <= _chunkBytes
            && (operation == IoOperation.Read || !geometry.IsReadOnly);
        Request? request = fits && suits ? Spares!.Take() : null;
        IoUringSqe* entry = request is null ? null : _ring.TryNext();
        if (entry is null)
        {
            devices.Exit(slot);
            if (request is not null)
                Spares!.Give(request);
            return false;
        }

        LookAtPool();
        int index = _free.RemoveFirst();
        Chunk* chunk = &_chunks[index];
        ref readonly DeviceSlot held = ref devices[slot];
        request!.PrepareStarted(operation, device, slot, memory, notify, context);
        _owners[index] = request;

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
        chunk->State = Chunk.StartedState(operation == IoOperation.Read ? ChunkKind.Read : ChunkKind.Write, held.EntryFlags);
        if (_hasTable)
            UseRegistered(entry, chunk);
        _inKernel++;
        InFlight++;
        Counters.Entries++;
        return true;
    }
}
