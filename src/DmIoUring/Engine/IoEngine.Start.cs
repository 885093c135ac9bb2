using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <content>The straight way: one region in one chunk of plain memory, from the call into the ring's queue.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
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
        long count = region.Count;
        long size = count * IoRegion.SectorSize;
        long offset = region.Sector * IoRegion.SectorSize;
        long left = length - region.BufferOffset;
        byte* start = memory + region.BufferOffset;
        bool fits = count > 0
            && count <= _chunkBytes / IoRegion.SectorSize
            && (ulong)region.Sector < (ulong)(geometry.Size / IoRegion.SectorSize)
            && offset + size <= geometry.Size
            && region.BufferOffset >= 0
            && left >= size;
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
        request!.PrepareStarted(operation, device, slot, offset, memory, notify, context);
        _owners[index] = request;

        entry->opcode = operation == IoOperation.Read ? IoUring.IORING_OP_READ : IoUring.IORING_OP_WRITE;
        entry->flags = held.EntryFlags;
        entry->fd = held.File;
        entry->off = (ulong)offset;
        entry->addr = (ulong)start;
        entry->len = (uint)size;
        entry->user_data = ((ulong)chunk->Generation << 32) | (uint)index;

        chunk->Offset = offset;
        chunk->Buffer = start;
        chunk->Length = (uint)size;
        chunk->Run = (uint)size;
        chunk->NextRun = 0;
        chunk->File = held.File;
        chunk->EntryFlags = held.EntryFlags;
        chunk->Kind = operation == IoOperation.Read ? ChunkKind.Read : ChunkKind.Write;
        chunk->Region = 0;
        chunk->Attempts = 0;
        chunk->Bounce = Chunk.NoBounce;
        chunk->MustCancel = false;
        chunk->IsInKernel = true;
        if (_hasTable)
            UseRegistered(entry, chunk);
        _inKernel++;
        InFlight++;
        Counters.Entries++;
        return true;
    }
}
