using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Devices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Completions.</content>
internal sealed unsafe partial class IoEngine<TRing>
{
    public override int Dispatch()
    {
        int completions = 0;
        while (true)
        {
            int count = _ring.Take(_taken);
            completions += count;
            for (int i = 0; i < count; i++)
            {
                ref readonly IoUringCqe completion = ref _taken[i];
                uint index = (uint)completion.user_data;
                if (index < (uint)_owners.Length)
                    Complete((int)index, (uint)(completion.user_data >> 32), completion.res);
                else if (index == WakeToken)
                    WakePollCompleted(completion);
                else if (index == TeardownToken)
                    _isTeardownWatched = false;
                else if (index - CommandIndexBase < (uint)_owners.Length)
                    CompleteCommand((int)(index - CommandIndexBase), (uint)(completion.user_data >> 32), completion.res);
                else if (index == CommandToken)
                    CommandPollCompleted(completion.res);
                else
                    _cancelsUnderWay--;
            }

            if (count < _taken.Length)
                break;
        }

        if (HasCommandResults)
            completions += DispatchCommands();
        if (_inline.Count > 0)
            completions += RunInline();
        while (_systemCalls.TryTake(out int chunk, out int result))
        {
            if (_chunks[chunk].Route == EntryRoute.Command)
                HandleCommandResult(chunk, result);
            else
                CompleteOtherwise(chunk, result);
        }

        // After the completions: what the kernel has completed by now counts as done.
        if (_stopped.First is not null)
            EndStopped();
        return completions;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Complete(int index, uint generation, int result)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Generation != generation)
        {
            Counters.Stale++;
            return;
        }

        chunk->IsInKernel = false;
        _inKernel--;
        if (result == (int)chunk->Length && chunk->Bounce == Chunk.NoBounce && chunk->Kind <= ChunkKind.Write)
            End(index, (uint)result);
        else
            CompleteOtherwise(index, result);
    }

    /// <summary>The slow path of a completion: everything but a complete transfer from or to the request's own memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CompleteOtherwise(int index, int result)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Kind == ChunkKind.Abandoned)
        {
            Reclaim(index, result);
            return;
        }

        Request request = _owners[index]!;
        bool transfers = chunk->Kind.Transfers();
        if (chunk->Kind == ChunkKind.Read && request.HasOddEnd(chunk, result))
        {
            SucceedInsideLastSector(index, (uint)result);
            return;
        }

        RetryDecision decision = transfers
            ? RetryRules.Decide(result, chunk->Length, DeviceOf(chunk, request).Geometry.OffsetAlignmentOf(chunk->Kind == ChunkKind.Read), ref chunk->Attempts)
            : RetryRules.DecideWithoutData(result, ref chunk->Attempts);
        if (request.IsAtomic && transfers && result > 0 && result < (long)chunk->Length)
            decision = new RetryDecision(RetryAction.Fail, Errno: Errno.EIO, Cause: IoFailureCause.Device);
        if (decision.Action is RetryAction.Continue)
        {
            Count(chunk, request, decision.Advance);
            Move(chunk, request, decision.Advance);
        }

        if (decision.Action != RetryAction.Done && request.StopCause != IoFailureCause.None)
        {
            if (request.LegCount > 0 && chunk->Flushes && decision.Action == RetryAction.Fail)
                NoteStoppedFailure(chunk, request, decision);
            decision = new RetryDecision(RetryAction.Fail, Errno: StopErrno(request.StopCause), Cause: request.StopCause);
        }

        switch (decision.Action)
        {
            case RetryAction.Continue:
                NoteShortTransfer(chunk, request);
                Reissue(index, 0);
                break;

            case RetryAction.Retry when result == -Errno.ECANCELED && chunk->Attempts > MaxAttemptsInRing:
                ExecuteBySystemCall(index);
                break;

            case RetryAction.Retry:
                // An interrupted ioctl is retried by the ring.
                NoteRetry(chunk, request, -result);
                if (chunk->Kind == ChunkKind.DiscardByIoctl)
                    chunk->Kind = ChunkKind.Discard;
                Reissue(index, decision.Delay);
                break;

            case RetryAction.Fail when _ring.Polls(chunk->Route) && decision.Errno == Errno.EOPNOTSUPP:
                StopPolling(chunk, request);
                Reissue(index, 0);
                break;

            case RetryAction.Fail when decision.Errno == Errno.EFAULT && transfers && _hasTable && chunk->Attempts < RetryRules.MaxAttempts:
                // A worker of the kernel's looks a registered buffer up when it begins: the registration of an embedder's memory may have ended meanwhile.
                chunk->Attempts += RetryRules.PartialBlockCost;
                NoteRetry(chunk, request, decision.Errno);
                Reissue(index, 0);
                break;

            case RetryAction.Fail when MayBeDiscardedByIoctl(chunk, request, decision.Errno):
                ExecuteBySystemCall(index);
                chunk->Kind = ChunkKind.DiscardByIoctl;
                break;

            case RetryAction.Fail when chunk->Kind == ChunkKind.Zeroes && MayBeZeroedByWriting(chunk, request, decision.Errno):
                chunk->Kind = ChunkKind.ZeroPages;
                Reissue(index, 0);
                break;

            case RetryAction.Fail:
                Fail(index, decision.Errno, IsPriorityRefused(decision, request) ? IoFailureCause.Host : decision.Cause);
                break;

            case RetryAction.Done:
                Succeed(index);
                break;

            default:
                throw new UnreachableException($"There is no step {decision.Action}.");
        }
    }

    /// <summary>
    /// A device without polled queues, or a file that is open for buffered I/O, answers EOPNOTSUPP (io_rw_init_file, io_uring/rw.c;
    /// blk_mq_submit_bio, block/blk-mq.c). So does a device that does not support the request's flags: that does not apply to other requests.
    /// </summary>
    private void StopPolling(Chunk* chunk, Request request)
    {
        chunk->Route = EntryRoute.NoPoll;
        int slot = chunk->Slot >= 0 ? chunk->Slot : request.LegCount > 0 ? request.Legs[chunk->Region].Slot : DeviceTable.NoSlot;
        if (slot >= 0 && request.TransferFlags == 0)
            Devices!.StopPolling(slot);
    }

    private BlockDevice DeviceOf(Chunk* chunk, Request request) =>
        chunk->Slot >= 0 ? Devices![chunk->Slot].Device! : request.Legs[chunk->Region].Device;

    /// <summary>
    /// A ring and a device that do not support discards answer alike; only the ioctl distinguishes them. Before 5.19 rings do not support commands
    /// at all, and answer EINVAL (io_init_req).
    /// </summary>
    private bool MayBeDiscardedByIoctl(Chunk* chunk, Request request, int errno) =>
        chunk->Kind == ChunkKind.Discard
        && (errno == Errno.EOPNOTSUPP || (errno == Errno.EINVAL && !_ring.HasCommands))
        && DeviceOf(chunk, request).IsBlockDevice;

    /// <summary>Whether EPERM is about the priority: a read-only device answers it too, so the kernel is asked whether this process may use the priority.</summary>
    private static bool IsPriorityRefused(in RetryDecision decision, Request request) =>
        decision.Errno == Errno.EPERM && request.Priority != 0 && Libc.IoprioCheck(request.Priority) == -Errno.EPERM;

    /// <summary>Whether a failed zeroing can be done by writing: the device does not support it, or not in these units, which the page cache accepts.</summary>
    private bool MayBeZeroedByWriting(Chunk* chunk, Request request, int errno) =>
        errno == Errno.EOPNOTSUPP || (errno == Errno.EINVAL && !DeviceOf(chunk, request).IsDirect);

    /// <summary>Advances a chunk by the bytes that were transferred.</summary>
    private static void Move(Chunk* chunk, Request request, uint bytes)
    {
        chunk->Offset += bytes;
        chunk->Length -= bytes;
        if (chunk->Kind == ChunkKind.ZeroPages)
            return;
        if (bytes < chunk->Run || chunk->Bounce != Chunk.NoBounce)
        {
            chunk->Buffer += bytes;
            chunk->Run -= bytes;
            return;
        }

        BufferCursor at = new() { Pointer = chunk->Buffer, Left = chunk->Run, Next = chunk->NextRun };
        request.Buffer.Advance(ref at, bytes);
        chunk->Buffer = at.Pointer;
        chunk->Run = (uint)Math.Min(at.Left, chunk->Length);
        chunk->NextRun = at.Next;
    }

    /// <summary>Queues a chunk for a retry, now or after a delay, under a new generation: its last completion is used up.</summary>
    private void Reissue(int index, long delay)
    {
        Chunk* chunk = &_chunks[index];
        chunk->Generation++;
        if (chunk->Kind == ChunkKind.Flush)
            NoteFlushTurn(index, _owners[index]!, FlushGroup.NotIssued);
        if (delay == 0)
        {
            _again.Append(index);
            return;
        }

        chunk->Due = _ring.Now + delay;
        _delayed.Append(index);
    }

    private void Succeed(int index)
    {
        Chunk* chunk = &_chunks[index];
        Request request = _owners[index]!;
        if (chunk->Bounce != Chunk.NoBounce)
            _bounce.Return(chunk->Bounce, request.Buffer, copyBack: chunk->Kind == ChunkKind.Read);
        if (chunk->Kind == ChunkKind.Flush)
            FlushSucceeded(index, request);
        End(index, chunk->Length);
    }

    /// <summary>The rest of a file's last sector reads as zeroes, as in a mapping of the file.</summary>
    private void SucceedInsideLastSector(int index, uint bytes)
    {
        Chunk* chunk = &_chunks[index];
        Request request = _owners[index]!;
        Count(chunk, request, bytes);
        Move(chunk, request, bytes);
        ZeroRest(chunk, request);
        chunk->Length = 0;
        Succeed(index);
    }

    private void Fail(int index, int errno, IoFailureCause cause)
    {
        Chunk* chunk = &_chunks[index];
        Request request = _owners[index]!;
        if (chunk->Kind == ChunkKind.Flush)
        {
            FlushFailed(index, request, errno, cause);
        }
        else
        {
            long sector = chunk->Offset / IoRegion.SectorSize;
            cause = RegionRules.Explain(DeviceOf(chunk, request), chunk->Kind == ChunkKind.Write, sector, errno, cause);
            if (request.TransferFlags != 0)
                NoteFailedWrite(chunk, request, errno, cause);
            request.Fail(chunk->Region, sector, errno, cause);
            if (chunk->Kind == ChunkKind.Read)
                ZeroRest(chunk, request);
        }

        if (chunk->Bounce != Chunk.NoBounce)
            _bounce.Return(chunk->Bounce, request.Buffer, copyBack: chunk->Kind == ChunkKind.Read);
        if (request.LegCount == 0)
            NoteFastFailure(chunk, request, errno, cause);
        End(index, 0);
    }

    private static void ZeroRest(Chunk* chunk, Request request)
    {
        if (chunk->Bounce != Chunk.NoBounce)
            NativeMemory.Clear(chunk->Buffer, chunk->Length);
        else
            request.Buffer.Clear(new BufferCursor { Pointer = chunk->Buffer, Left = chunk->Run, Next = chunk->NextRun }, chunk->Length);
    }

    /// <summary>Splits a request further, from one of its legs on.</summary>
    private void SplitAgain(Request request, int region)
    {
        request.Cursor = request.IsQueued ? Math.Min(request.Cursor, region) : region;
        if (!request.IsQueued)
            Enqueue(request);
    }

    /// <summary>Ends a chunk.</summary>
    /// <param name="index">The chunk.</param>
    /// <param name="bytes">How many bytes its last transfer transferred.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void End(int index, uint bytes)
    {
        Request request = FreeChunk(index, bytes);
        if (request.WatchesChunks)
            ChunkEnded(request, index);
        Finish(request);
    }

    /// <summary>Has a leg flushed whose last chunk this was, or records its time. The chunk is free already: a listener might submit something.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ChunkEnded(Request request, int index)
    {
        int region = _chunks[index].Region;
        if (request.Began != 0)
            RecordFast(&_chunks[index], request);
        if (request.FlushesLast && request.MustFlushAfterChunk(region))
            SplitAgain(request, region);
    }

    /// <summary>Frees a chunk's slot.</summary>
    /// <param name="index">The chunk.</param>
    /// <param name="bytes">How many bytes its last transfer transferred.</param>
    /// <returns>The request that owned it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Request FreeChunk(int index, uint bytes)
    {
        Chunk* chunk = &_chunks[index];
        Request request = _owners[index]!;
        _owners[index] = null;
        if (chunk->MustCancel)
            _toCancel--;
        int slot = chunk->Slot;
        if (slot >= 0)
        {
            // It is a read or a write, and its region's only chunk.
            Devices!.ExitHeld(slot, (int)chunk->Kind, bytes);
        }
        else
        {
            if (bytes != 0)
                Count(chunk, request, bytes);
            ref Leg leg = ref request.Legs[chunk->Region];
            if (leg.Began != 0)
                leg.Ended = Stopwatch.GetTimestamp();
            slot = leg.Slot;
        }

        if (slot != DeviceTable.NoSlot)
            LeaveDevice(slot);
        _endedSlot = slot;
        chunk->Generation++;
        _free.Prepend(index);
        InFlight--;
        return request;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(Request request)
    {
        if (--request.Pending != 0)
            return;
        if (!request.IsPlain)
            FinishOther(request);
        Counters.Requests++;
        request.Complete(FreeRequests, Devices);
    }

    /// <summary>What the end of a request takes that did not take the fast path, or is timed.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FinishOther(Request request)
    {
        if (request.DependsOnFlush)
            request.FailDoubtful();
        if (request.LegCount > 0)
        {
            _endedPath = request.Legs[0].Device.Path;
            Volatile.Write(ref _endedSlot, SlotOfPath);
            CountRegions(request);
        }

        if (_timeLimit > 0)
            StopClock(request);
        if (request.Submitted != 0)
            RecordRequest(request);
        request.ForgetTimes();
    }

    private void WakePollCompleted(in IoUringCqe completion)
    {
        if ((completion.flags & IoUring.IORING_CQE_F_MORE) != 0)
            return;
        _wakeIsArmed = false;
        if (completion.res < 0)
            MarkRingLost(-completion.res);
    }

    private void ReleaseDueChunks()
    {
        long now = _ring.Now;
        ChunkList waiting = _delayed.TakeAll();
        while (!waiting.IsEmpty)
        {
            int chunk = waiting.RemoveFirst();
            if (_chunks[chunk].Due <= now)
                _again.Append(chunk);
            else
                _delayed.Append(chunk);
        }
    }

    /// <summary>Nanoseconds that the ring may sleep: until a delayed chunk is due, the oldest request's time limit or the caller's limit passes; -1 for no limit.</summary>
    private long TimeToWait(long limit)
    {
        if (_oldest is null && _delayed.IsEmpty)
            return limit;
        long due = _oldest?.Deadline ?? long.MaxValue;
        for (int chunk = _delayed.First; chunk >= 0; chunk = _chunks[chunk].Next)
            due = Math.Min(due, _chunks[chunk].Due);
        long wait = Math.Max(due - _ring.Now, 0);
        return limit < 0 ? wait : Math.Min(wait, limit);
    }
}
