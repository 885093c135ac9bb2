using System.Runtime.CompilerServices;
using DmIoUring.Interop;

namespace DmIoUring.Engine;

/// <content>From chunks to ring entries.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Vectors of entries that the kernel has not taken yet; once it has, it keeps its own copy (IORING_FEAT_SUBMIT_STABLE).</summary>
    private const int VectorPlaces = 2048;

    private readonly Iovec* _vectors;
    private int _vectorsUsed;

    /// <summary>The next entry, all zero, handing over the full queue first when it is full.</summary>
    private IoUringSqe* NextEntry()
    {
        IoUringSqe* entry = _ring.TryNext();
        if (entry is null)
        {
            _ring.Enter(0, 0, 0);
            entry = _ring.TryNext();
        }

        if (entry is not null)
            *entry = default;
        return entry;
    }

    /// <summary>Puts a chunk into the ring's queue.</summary>
    /// <returns>Whether there was an entry for it, and vectors if it needs them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFill(int index, Request request)
    {
        Chunk* chunk = &_chunks[index];
        bool scattered = chunk->Run < chunk->Length && chunk->Kind <= ChunkKind.Write;
        if (scattered && !HasVectors())
            return false;
        IoUringSqe* entry = NextEntry();
        if (entry is null)
            return false;

        entry->fd = chunk->File;
        entry->flags = chunk->EntryFlags;
        entry->user_data = ((ulong)chunk->Generation << 32) | (uint)index;
        entry->ioprio = request.Priority;
        if (chunk->Kind <= ChunkKind.Write && !scattered)
        {
            entry->opcode = chunk->Kind == ChunkKind.Read ? IoUring.IORING_OP_READ : IoUring.IORING_OP_WRITE;
            entry->off = (ulong)chunk->Offset;
            entry->addr = (ulong)chunk->Buffer;
            entry->len = chunk->Length;
            entry->rw_flags = request.TransferFlags;
            if (_hasTable)
                UseRegistered(entry, chunk);
        }
        else
        {
            FillOtherwise(entry, chunk, request);
        }

        chunk->IsInKernel = true;
        _inKernel++;
        Counters.Entries++;
        return true;
    }

    /// <summary>Anything but a transfer from or to one run of memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FillOtherwise(IoUringSqe* entry, Chunk* chunk, Request request)
    {
        switch (chunk->Kind)
        {
            case ChunkKind.Read or ChunkKind.Write:
                Iovec* vectors = _vectors + _vectorsUsed;
                entry->opcode = chunk->Kind == ChunkKind.Read ? IoUring.IORING_OP_READV : IoUring.IORING_OP_WRITEV;
                entry->off = (ulong)chunk->Offset;
                entry->addr = (ulong)vectors;
                entry->len = FillVectors(vectors, chunk, request.Buffer);
                entry->rw_flags = request.TransferFlags;
                if (_hasTable)
                    UseRegisteredVectors(entry, chunk, vectors);
                break;

            case ChunkKind.Flush:
                entry->opcode = IoUring.IORING_OP_FSYNC;
                entry->fsync_flags = IoUring.IORING_FSYNC_DATASYNC;
                entry->ioprio = 0;
                break;

            case ChunkKind.Discard when request.Legs[chunk->Region].Device.IsBlockDevice:
                // blkdev_uring_cmd, block/ioctl.c: start in addr, length in addr3.
                entry->opcode = IoUring.IORING_OP_URING_CMD;
                entry->cmd_op = BlockAbi.BLOCK_URING_CMD_DISCARD;
                entry->addr = (ulong)chunk->Offset;
                entry->addr3 = chunk->Length;
                entry->ioprio = 0;
                break;

            case ChunkKind.Discard or ChunkKind.Zeroes:
                entry->opcode = IoUring.IORING_OP_FALLOCATE;
                entry->off = (ulong)chunk->Offset;
                entry->addr = chunk->Length;
                entry->len = FileAbi.FALLOC_FL_KEEP_SIZE
                    | (uint)(chunk->Kind == ChunkKind.Discard ? FileAbi.FALLOC_FL_PUNCH_HOLE : FileAbi.FALLOC_FL_ZERO_RANGE);
                entry->ioprio = 0;
                break;

            case ChunkKind.ZeroPages:
                // Piece by piece: a completion of less than the chunk's length is continued like a short transfer.
                entry->opcode = IoUring.IORING_OP_WRITE;
                entry->off = (ulong)chunk->Offset;
                entry->addr = (ulong)ZeroPages.Start;
                entry->len = Math.Min(chunk->Length, ZeroPages.Length);
                break;
        }
    }

    private bool HasVectors()
    {
        if (_vectorsUsed + MostRuns <= VectorPlaces)
            return true;
        if (_ring.HasQueued)
            _ring.Enter(0, 0, 0);
        if (_ring.HasQueued)
            return false;
        _vectorsUsed = 0;
        return true;
    }

    private uint FillVectors(Iovec* vectors, Chunk* chunk, in RequestBuffer buffer)
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

        _vectorsUsed += (int)count;
        return count;
    }
}
