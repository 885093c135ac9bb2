using System.Runtime.CompilerServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Writes chunks into ring entries.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Vectors of entries that are not submitted yet: once the kernel has taken an entry it keeps its own copy (IORING_FEAT_SUBMIT_STABLE).</summary>
    private const int MaxQueuedVectors = 2048;

    private readonly Iovec* _vectors;
    private int _vectorsUsed;

    /// <summary>The next ring entry; a full queue is submitted first. <see cref="EntryWriter"/> must write all of it. Null when there is none.</summary>
    private IoUringSqe* NextEntry(EntryRoute route)
    {
        IoUringSqe* entry = _ring.TryNext(route);
        if (entry is null)
        {
            EnterRing(0, 0, 0);
            entry = _ring.TryNext(route);
        }

        return entry;
    }

    /// <summary>The <c>user_data</c> of a chunk's entry: its slot and the slot's generation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong UserData(Chunk* chunk, int index) => ((ulong)chunk->Generation << 32) | (uint)index;

    /// <summary>Writes a chunk's entry into the ring's queue.</summary>
    /// <returns>Whether there was an entry for it, and vectors if it needs them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFill(int index, Request request)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Kind > ChunkKind.Write || chunk->Run < chunk->Length || chunk->Route >= EntryRoute.Command)
            return TryFillOtherwise(index, request);
        IoUringSqe* entry = NextEntry(chunk->Route);
        if (entry is null)
            return false;
        EntryWriter.WriteRun(
            entry,
            chunk->Kind,
            chunk->EntryFlags,
            request.Priority,
            chunk->File,
            chunk->Offset,
            chunk->Buffer,
            chunk->Length,
            request.TransferFlagsOfRegion(chunk->Region),
            UserData(chunk, index));

        // An atomic write from registered memory is EINVAL: generic_atomic_write_valid, fs/read_write.c, requires an unregistered buffer.
        if (_hasTable && !request.IsAtomic)
            UseRegistered(entry, chunk->Kind, chunk->Buffer, chunk->Length, DeviceOf(chunk, request).Geometry.RegisteredMask);
        Filled(chunk, DeviceOf(chunk, request).Geometry.NeedsWorkers);
        return true;
    }

    /// <summary>The slow path: everything but a transfer from or to one run of memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryFillOtherwise(int index, Request request)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Route == EntryRoute.Command)
            return TryFillCommand(index, request);
        if (chunk->Route == EntryRoute.Inline)
        {
            _inline.Append(index);
            return true;
        }

        bool scattered = chunk->Kind.HasBuffer();
        Iovec* vectors = null;
        uint count = 0;
        if (scattered)
        {
            if (!HasVectors())
                return false;
            vectors = _vectors + _vectorsUsed;
            count = FillVectors(vectors, chunk, request.Buffer);
        }

        // Decided before an entry is taken, so that an exception leaves no half-written entry in the ring.
        EntryFields fields = scattered
            ? EntryWriter.ScatteredFieldsOf(chunk, vectors, count, request.TransferFlagsOfRegion(chunk->Region))
            : EntryWriter.FieldsOf(chunk, request.Legs[chunk->Region].Device.IsBlockDevice, request.TransferFlagsOfRegion(chunk->Region));
        IoUringSqe* entry = NextEntry(chunk->Route);
        if (entry is null)
            return false;
        _vectorsUsed += (int)count;
        EntryWriter.Write(entry, fields, chunk, request.Priority, UserData(chunk, index));
        if (_hasTable && scattered)
            UseRegisteredVectors(entry, chunk, vectors, count, DeviceOf(chunk, request).Geometry.RegisteredMask);

        if (chunk->Kind == ChunkKind.Flush)
        {
            Counters.Flushes++;
            NoteFlushTurn(index, request, _turn);
        }

        // Flushes and zeroes are always done by a worker (io_fsync_prep, io_fallocate_prep; io_uring/sync.c), discards as EntryWriter asks.
        Filled(chunk, !chunk->Kind.Transfers() || DeviceOf(chunk, request).Geometry.NeedsWorkers);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Filled(Chunk* chunk, bool needsWorker)
    {
        if (needsWorker)
            Counters.WorkerEntries++;
        chunk->IsInKernel = true;
        _inKernel++;
        Counters.Entries++;
    }

    private bool HasVectors()
    {
        if (_vectorsUsed + MaxRuns <= MaxQueuedVectors)
            return true;
        if (_ring.HasQueued)
            EnterRing(0, 0, 0);
        if (_ring.HasQueued)
            return false;
        _vectorsUsed = 0;
        return true;
    }

    private static uint FillVectors(Iovec* vectors, Chunk* chunk, in RequestBuffer buffer)
    {
        BufferCursor at = new() { Pointer = chunk->Buffer, Left = chunk->Run, Next = chunk->NextRun };
        uint count = 0;
        for (long rest = chunk->Length; rest > 0;)
        {
            long run = Math.Min(rest, at.Left);
            vectors[count++] = new Iovec { iov_base = at.Pointer, iov_len = (nuint)run };
            rest -= run;
            if (rest > 0)
                buffer.MoveNext(ref at);
        }

        return count;
    }
}
