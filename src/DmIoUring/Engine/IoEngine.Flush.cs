using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Flushes: those that wait for the same device become one, as in the kernel's own block/blk-flush.c.</content>
/// <remarks>
/// <para>A flush covers the writes that ended before it began. So one that is asked for before another's entry has reached the kernel joins that; one that is asked for
/// later waits, together with all that come meanwhile, for the next. Each has a chunk, of which only the group's leader has an entry.</para>
/// <para>When a flush fails, all that wait for it and for the next one fail with it: the next may end well although data is lost. When it was not carried out, because its
/// request was cancelled, the next in line leads.</para>
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>One for each slot of the device table. A device without a slot has its flushes carried out one by one.</summary>
    private readonly FlushGroup[] _flushes = [];

    /// <summary>Counts the times that the ring was entered.</summary>
    private long _turn;

    /// <summary>Issues a leg's flush, or has it join one; data that is left is continued when the flush has ended.</summary>
    private bool TryIssueFlush(Request request, ref Leg leg)
    {
        if (_free.IsEmpty)
            return false;
        if (IsDoubtful(leg))
        {
            FailFlush(request, request.Cursor, Errno.EIO, IoFailureCause.InDoubt);
            return true;
        }

        bool joins = leg.Slot != DeviceTable.NoSlot && _flushes[leg.Slot].IsInFlight;
        if (joins ? IsGroupFull(leg.Slot) : IsFull(leg.Slot))
            return false;
        int index = _free.First;
        PrepareChunk(request, ref leg, ChunkKind.Flush, 0);
        if (joins)
        {
            _chunks[index].Region = (byte)request.Cursor;
            _chunks[index].IsInKernel = false;
            Own(index, request);
            Join(leg.Slot, index);
        }
        else
        {
            if (leg.Slot != DeviceTable.NoSlot)
                _flushes[leg.Slot].Lead(index);
            if (!TryIssue(request))
            {
                if (leg.Slot != DeviceTable.NoSlot)
                    _flushes[leg.Slot].End();
                return false;
            }
        }

        leg.Stage = LegStage.Flushing;
        return true;
    }

    /// <summary>Whether a flush of the leg's device has failed since its request was submitted, and so may have lost what this one is to cover.</summary>
    private static bool IsDoubtful(in Leg leg) => leg.Device.Durability.FailedFlushes != leg.FailedFlushes;

    /// <summary>Whether half of all chunks wait for one device's flush: the rest is for others, and for its own data.</summary>
    private bool IsGroupFull(int slot)
    {
        if (_flushes[slot].Waiting < Math.Max(1, _owners.Length / 2))
            return false;
        _fullSlot = slot;
        return true;
    }

    /// <summary>Lets the data of a leg through whose flush has succeeded, unless another one has failed since: then the leg fails.</summary>
    /// <returns>Whether the leg's flush is behind it.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryPassFlush(Request request, in Leg leg)
    {
        if (leg.Stage != LegStage.Flushed)
            return false;
        if (leg.Remaining > 0 && IsDoubtful(leg))
            request.FailRest(request.Cursor, Errno.EIO, IoFailureCause.InDoubt);
        return true;
    }

    private void Join(int slot, int index)
    {
        ref FlushGroup group = ref _flushes[slot];
        group.Waiting++;
        if (group.Turn == FlushGroup.NotIssued || group.Turn == _turn)
            group.Joined.Append(index);
        else
            group.Later.Append(index);
    }

    /// <summary>Whether a chunk is the flush of its device that has, or gets, an entry; false for a device without a slot.</summary>
    private bool LeadsFlushes(int index, Request request, out int slot)
    {
        slot = request.LegCount > 0 ? request.Legs[_chunks[index].Region].Slot : DeviceTable.NoSlot;
        return slot != DeviceTable.NoSlot && _flushes[slot].IsLedBy(index);
    }

    /// <summary>The entry of a flush is written, or is to be written again.</summary>
    private void NoteFlushTurn(int index, Request request, long turn)
    {
        if (LeadsFlushes(index, request, out int slot))
            _flushes[slot].Turn = turn;
    }

    /// <summary>The kernel has carried out a flush.</summary>
    private void FlushSucceeded(int index, Request request)
    {
        FlushEnded(request, _chunks[index].Region);
        if (!LeadsFlushes(index, request, out int slot))
            return;
        ChunkList joined = _flushes[slot].Joined.TakeAll();
        LeadNext(slot);
        while (!joined.IsEmpty)
        {
            int chunk = joined.RemoveFirst();
            Request owner = _owners[chunk]!;
            Counters.JoinedFlushes++;
            FlushEnded(owner, _chunks[chunk].Region);
            EndJoined(chunk, slot);
        }
    }

    /// <summary>A flush has failed: the device's writes are in doubt if it was carried out, and whoever waits for it fails with it.</summary>
    private void FlushFailed(int index, Request request, int errno, IoFailureCause cause)
    {
        int region = _chunks[index].Region;
        if (RegionRules.RaisesDoubt(errno, cause))
            request.Legs[region].Device.Durability.FlushFailed(errno);
        FailFlush(request, region, errno, cause);
        if (!LeadsFlushes(index, request, out int slot))
            return;
        if (cause is IoFailureCause.Cancelled or IoFailureCause.TimedOut or IoFailureCause.RingLost)
        {
            FlushNotCarriedOut(slot);
            return;
        }

        ChunkList joined = _flushes[slot].Joined.TakeAll();
        ChunkList later = _flushes[slot].Later.TakeAll();
        _flushes[slot].End();
        FailJoined(joined, slot, errno, cause);
        FailJoined(later, slot, errno, cause);
    }

    /// <summary>A flush has ended without a result that counts for others.</summary>
    private void FlushNotCarriedOut(int slot)
    {
        ref FlushGroup group = ref _flushes[slot];
        ChunkList later = group.Later.TakeAll();
        while (!later.IsEmpty)
            group.Joined.Append(later.RemoveFirst());
        if (!group.Joined.IsEmpty)
            Lead(slot, group.Joined.RemoveFirst());
        else
            group.End();
    }

    /// <summary>Those that came too late for the last flush get theirs.</summary>
    private void LeadNext(int slot)
    {
        ref FlushGroup group = ref _flushes[slot];
        ChunkList later = group.Later.TakeAll();
        if (later.IsEmpty)
        {
            group.End();
            return;
        }

        Lead(slot, later.RemoveFirst());
        while (!later.IsEmpty)
            group.Joined.Append(later.RemoveFirst());
    }

    /// <summary>Has a flush that waited issued; it takes a place of the device's queue, which the one before it is about to give back.</summary>
    private void Lead(int slot, int index)
    {
        _flushes[slot].Lead(index);
        _flushes[slot].Waiting--;
        Devices!.EnterChunk(slot);
        _again.Append(index);
    }

    private void FailJoined(ChunkList list, int slot, int errno, IoFailureCause cause)
    {
        while (!list.IsEmpty)
        {
            int chunk = list.RemoveFirst();
            FailFlush(_owners[chunk]!, _chunks[chunk].Region, errno, cause);
            EndJoined(chunk, slot);
        }
    }

    /// <summary>Ends the flushes of a stopped request that wait for others'.</summary>
    private void StopJoined(Request request)
    {
        for (int region = 0; region < request.LegCount && _flushes.Length > 0; region++)
        {
            int slot = request.Legs[region].Slot;
            if (request.Legs[region].Stage != LegStage.Flushing || slot == DeviceTable.NoSlot)
                continue;
            StopJoined(ref _flushes[slot].Joined, slot, request);
            StopJoined(ref _flushes[slot].Later, slot, request);
        }
    }

    private void StopJoined(ref ChunkList list, int slot, Request request)
    {
        ChunkList waiting = list.TakeAll();
        while (!waiting.IsEmpty)
        {
            int chunk = waiting.RemoveFirst();
            if (_owners[chunk] != request)
            {
                list.Append(chunk);
                continue;
            }

            FailFlush(request, _chunks[chunk].Region, StopErrno(request.StopCause), request.StopCause);
            EndJoined(chunk, slot);
        }
    }

    /// <summary>Ends a flush that had no entry of its own.</summary>
    private void EndJoined(int index, int slot)
    {
        _flushes[slot].Waiting--;

        // It had no place in the device's queue, and its end gives one back.
        Devices!.EnterChunk(slot);
        End(index, 0);
    }

    /// <summary>A leg's flush has succeeded: its data may be split and issued.</summary>
    private void FlushEnded(Request request, int region)
    {
        ref Leg leg = ref request.Legs[region];
        leg.Device.Durability.FlushEnded(leg.Submitted, leg.FailedFlushes);
        leg.Stage = LegStage.Flushed;
        if (leg.Remaining > 0)
            SplitAgain(request, region);
    }

    /// <summary>After a failed flush nothing more of the region is written, so that no later success hides the failure.</summary>
    private static void FailFlush(Request request, int region, int errno, IoFailureCause cause)
    {
        request.FailRest(region, errno, cause);
        request.Legs[region].DependsOnFlush = false;
    }

    /// <summary>A write has failed: with FUA that may have been the flush which is part of it.</summary>
    private static void NoteFailedWrite(Chunk* chunk, Request request, int errno, IoFailureCause cause)
    {
        if (!chunk->Flushes || !RegionRules.MayBeItsFlush(errno, cause))
            return;
        ref Leg leg = ref request.Legs[chunk->Region];
        leg.Device.Durability.FlushFailed(errno);

        // All of the region has failed, and how is known. Of one of several pieces the others may have been lost.
        if (chunk->Offset == leg.Start && leg.Remaining == 0 && chunk->Length == leg.Offset - leg.Start)
            leg.DependsOnFlush = false;
    }

    /// <summary>Whether a chunk that writes with FUA flushes as a part of that.</summary>
    private bool FlushesByWriting(Request request, in Leg leg, Chunk* chunk) =>
        chunk->Kind == ChunkKind.Write
        && (request.TransferFlagsOfRegion(request.Cursor) & FileAbi.RWF_DSYNC) != 0
        && leg.Device.FuaFlushes(bySystemCall: _isBySystemCalls || chunk->Route == EntryRoute.Inline);

    /// <summary>What failed for the kernel, too, of a request that was stopped.</summary>
    private static void NoteStoppedFailure(Chunk* chunk, Request request, in RetryDecision decision)
    {
        if (chunk->Kind != ChunkKind.Flush)
            NoteFailedWrite(chunk, request, decision.Errno, decision.Cause);
        else if (RegionRules.RaisesDoubt(decision.Errno, decision.Cause))
            request.Legs[chunk->Region].Device.Durability.FlushFailed(decision.Errno);
    }

    /// <summary>A chunk whose result is unknown, because its ring was closed: if it was a flush, or flushed, that may have failed.</summary>
    private void NoteUnknownResult(int index)
    {
        Request request = _owners[index]!;
        if (request.LegCount > 0 && _chunks[index].Flushes)
            request.Legs[_chunks[index].Region].Device.Durability.FlushFailed(LostErrno);
    }

    /// <summary>The result of a chunk whose request has ended without it.</summary>
    private void NoteAbandonedResult(int index, int result)
    {
        Request holder = _owners[index]!;
        bool failed = result < 0 && result is not (-Errno.EINTR or -Errno.EAGAIN) && RegionRules.MayBeItsFlush(-result, IoFailureCause.Device);
        if (failed && _chunks[index].Flushes)
            holder.Legs[_chunks[index].Region].Device.Durability.FlushFailed(-result);
        if (LeadsFlushes(index, holder, out int slot))
            FlushNotCarriedOut(slot);
    }
}
