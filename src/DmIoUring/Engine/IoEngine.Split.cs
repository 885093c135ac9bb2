using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Splits legs into chunks.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    private const int PageMask = 4095;

    /// <summary>The most runs of memory in one chunk, and the most pages that it may touch: BIO_MAX_VECS; the kernel gives a larger one to a worker thread.</summary>
    private const int MaxRuns = 256;

    /// <summary>The largest chunk of a discard or of zeroes, which have no memory: the length in a kernel call is signed.</summary>
    private const uint MaxNoDataBytes = 1u << 30;

    /// <summary>Splits a request's legs into chunks and issues them, until the free slots or the ring's entries are used up, or a device is full (<see cref="_fullSlot"/>).</summary>
    /// <returns>Whether the request is completely split, except for data that waits for a flush; otherwise the cursor stays where it is.</returns>
    private bool Split(Request request)
    {
        for (; request.Cursor < request.LegCount; request.Cursor++)
        {
            ref Leg leg = ref request.Legs[request.Cursor];
            if (leg.Stage != LegStage.Data && !TryPassFlush(request, leg))
            {
                if (leg.Stage == LegStage.MustFlush && !TryIssueFlush(request, ref leg))
                    return false;
                continue;
            }

            while (leg.Remaining > 0)
            {
                if (!TrySplitData(request, ref leg))
                    return false;
            }
        }

        return true;
    }

    private bool TrySplitData(Request request, ref Leg leg)
    {
        if (_free.IsEmpty || IsFull(leg.Slot))
            return false;
        ChunkKind kind = request.Operation.DataKind();
        if (!kind.HasBuffer())
            return TrySplitWithoutData(request, ref leg, kind);

        if (leg.IsWhole && !CanBeWhole(request, leg))
            return true;
        uint length = leg.IsWhole ? WholeLength(leg) : leg.Bounces ? 0 : NextLength(request.Buffer, leg);
        bool bounces = length == 0;
        if (bounces)
            length = (uint)Math.Min(leg.Remaining, leg.IsWhole ? leg.Remaining : Math.Min(_bounce.PieceBytes, leg.Device.MaxTransferBytes));
        if (length < leg.Remaining || _flushesSeparately)
            request.FlushesAfterChunks(ref leg);
        Chunk* chunk = PrepareChunk(request, ref leg, kind, length);
        if (bounces && !TryBounce(request, leg, chunk))
            return false;
        if (TryIssueData(request, ref leg, length))
        {
            if (leg.FlushesLast)
                leg.Unfinished++;
            request.Buffer.Advance(ref leg.Buffer, length);
            return true;
        }

        if (chunk->Bounce != Chunk.NoBounce)
            _bounce.Return(chunk->Bounce, request.Buffer, copyBack: false);
        return false;
    }

    /// <summary>Whether a leg can be one entry; otherwise it fails here, before anything of it is issued.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool CanBeWhole(Request request, in Leg leg)
    {
        if (!request.IsAtomic && leg.Remaining > _chunkBytes)
        {
            request.FailRest(request.Cursor, Errno.EINVAL, IoFailureCause.Zoned);
            return false;
        }

        if (WholeLength(leg) != 0 || _bounce.TryReserve(leg.Remaining))
            return true;
        request.FailRest(request.Cursor, Errno.ENOMEM, request.IsAtomic ? IoFailureCause.NotAtomic : IoFailureCause.Zoned);
        return false;
    }

    /// <summary>
    /// The length of a leg that must be one entry, if its memory is one run that makes one bio: no more pages than that holds (atomic
    /// writes: blkdev_direct_IO, block/fops.c). 0 when it needs a bounce buffer.
    /// </summary>
    private static uint WholeLength(in Leg leg)
    {
        long offPage = (nint)leg.Buffer.Pointer & PageMask;
        bool isOneBio = offPage == 0 || offPage + leg.Remaining <= (long)MaxRuns * (PageMask + 1);
        return !leg.Bounces && leg.Remaining <= leg.Buffer.Left && isOneBio ? (uint)leg.Remaining : 0;
    }

    /// <summary>Splits an operation without data: a discard or zeroes.</summary>
    private bool TrySplitWithoutData(Request request, ref Leg leg, ChunkKind kind)
    {
        uint length = (uint)Math.Min(leg.Remaining, leg.Device.Namespace is null ? MaxNoDataBytes : MaxCommandBytes(leg.Device.Namespace, kind));
        PrepareChunk(request, ref leg, kind, length);
        return TryIssueData(request, ref leg, length);
    }

    /// <summary>Describes the next chunk of a leg in the first free slot, which is taken when the chunk is issued.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Chunk* PrepareChunk(Request request, ref Leg leg, ChunkKind kind, uint length)
    {
        Chunk* chunk = &_chunks[_free.First];
        chunk->Offset = leg.Offset;
        chunk->Buffer = leg.Buffer.Pointer;
        chunk->Length = length;
        chunk->Run = (uint)Math.Min(leg.Buffer.Left, length);
        chunk->NextRun = leg.Buffer.Next;
        if (leg.Slot == DeviceTable.NoSlot)
        {
            chunk->File = leg.Device.Descriptor;
            chunk->EntryFlags = leg.Device.Geometry.EntryFlags;
            chunk->Route = leg.Device.Geometry.Route;
        }
        else
        {
            ref readonly DeviceSlot slot = ref Devices![leg.Slot];
            chunk->File = slot.File;
            chunk->EntryFlags = slot.EntryFlags;
            chunk->Route = slot.Route;
        }

        if (chunk->Route == EntryRoute.Inline && !IsInline(kind, request, ref leg))
            chunk->Route = EntryRoute.NoPoll;

        if (_ring.Polls(EntryRoute.MayPoll) && chunk->Route == EntryRoute.MayPoll && !IsPollable(chunk, kind))
            chunk->Route = EntryRoute.NoPoll;

        chunk->Slot = DeviceTable.NoSlot;
        chunk->Kind = kind;
        chunk->Flushes = kind == ChunkKind.Flush || (request.TransferFlags != 0 && FlushesByWriting(request, leg, chunk));
        chunk->Attempts = 0;
        chunk->Bounce = Chunk.NoBounce;
        chunk->MustCancel = false;
        return chunk;
    }

    private static bool IsPollable(Chunk* chunk, ChunkKind kind) =>
        kind.HasBuffer() && chunk->Length <= ChunkRules.MaxPolledBytes && chunk->Run == chunk->Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryIssueData(Request request, ref Leg leg, uint length)
    {
        if (!TryIssue(request))
            return false;
        leg.Offset += length;
        leg.Remaining -= length;
        return true;
    }

    /// <summary>Issues the chunk in the first free slot for the request's current leg.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryIssue(Request request)
    {
        int index = _free.First;
        _chunks[index].Region = (byte)request.Cursor;
        if (!TryFill(index, request))
            return false;
        Own(index, request);
        if (request.Legs[request.Cursor].Slot is var slot && slot != DeviceTable.NoSlot)
            Devices!.EnterChunk(slot);
        return true;
    }

    /// <summary>Gives the first free slot to a request.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Own(int index, Request request)
    {
        _owners[index] = request;
        _free.RemoveFirst();
        request.Pending++;
        InFlight++;
    }

    private bool TryBounce(Request request, in Leg leg, Chunk* chunk)
    {
        if (!_bounce.TryTake(leg.Buffer, chunk->Length, out chunk->Bounce, out byte* memory))
            return false;
        if (chunk->Kind == ChunkKind.Write)
            request.Buffer.CopyTo(leg.Buffer, memory, chunk->Length);
        chunk->Buffer = memory;
        chunk->Run = chunk->Length;
        return true;
    }

    /// <summary>
    /// The length of the next chunk: the chunk size less the buffer's offset in its page, because 1 MiB from the middle of a page touches 257 pages,
    /// one more than the kernel takes without a worker thread. Regions are whole logical blocks, and so are these lengths.
    /// </summary>
    /// <returns>Bytes; 0 when the memory's runs are so small that one entry can't hold a logical block.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint NextLength(in RequestBuffer buffer, in Leg leg)
    {
        long offPage = (nint)leg.Buffer.Pointer & PageMask;
        int most = Math.Min(_chunkBytes, leg.Device.MaxTransferBytes);
        if (leg.Remaining + offPage <= most && leg.Remaining <= leg.Buffer.Left)
            return (uint)leg.Remaining;

        int block = leg.Device.LogicalBlockSize;
        long whole = most - offPage;
        if (Math.Min(leg.Remaining, whole) > leg.Buffer.Left)
        {
            // A command's memory is one run.
            return (uint)RoundDown(leg.Device.Namespace is null ? ScatteredLength(buffer, leg) : leg.Buffer.Left, block);
        }


        // The chunk size is below one logical block: use one block, through a bounce buffer when it is scattered.
        long length = RoundDown(whole, block);
        if (length == 0 && block <= leg.Buffer.Left)
            length = block;
        return (uint)Math.Min(leg.Remaining, length);
    }

    /// <summary>The most bytes of zeroes or of a discard in one command. A command that the drive does not support is left to the drive to refuse.</summary>
    private static long MaxCommandBytes(NvmeNamespace target, ChunkKind kind)
    {
        long most = kind == ChunkKind.Discard ? target.MaxDiscardBytes : target.MaxZeroesBytes;
        return most == 0 ? target.MaxTransferBytes : Math.Min(most, RoundDown(MaxNoDataBytes, 1 << target.BlockShift));
    }

    private static long RoundDown(long bytes, int block) => bytes - (bytes % block);

    /// <summary>The length of a scattered chunk: at most the chunk size, and as many runs and pages as one entry may have.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private long ScatteredLength(in RequestBuffer buffer, in Leg leg)
    {
        BufferCursor at = leg.Buffer;
        long most = Math.Min(leg.Remaining, _chunkBytes);
        long length = 0;
        int pages = MaxRuns;
        for (int runs = 0; runs < MaxRuns && length < most && pages > 0; runs++)
        {
            long offPage = (nint)at.Pointer & PageMask;
            long run = Math.Min(Math.Min(at.Left, most - length), ((long)pages << 12) - offPage);
            length += run;
            pages -= (int)((offPage + run + PageMask) >> 12);
            buffer.Advance(ref at, run);
        }

        return length;
    }
}
