using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Requests that are stopped: cancelled, or past their time limit.</content>
/// <remarks>
/// Chunks that are not in the kernel fail at once. Those in the kernel are cancelled, best effort: a command that a device has can't be cancelled.
/// The request ends only when its last chunk has completed, because only then is the buffer free. A request that writes a private copy
/// ends in the same turn: its chunks are abandoned (<see cref="Abandon"/>), and the engine frees the copy's pages, the devices and the chunks' slots
/// when the kernel has completed them.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>The most cancels in flight: the completion queue has room for so many beside the chunks' own completions.</summary>
    private const int MaxCancels = 4;

    /// <summary>For requests without a callback.</summary>
    private static readonly CallbackReporter NoReporter = new(handler: null);

    private Request? _oldest;
    private Request? _youngest;
    private int _toCancel;
    private int _cancelsUnderWay;
    private RequestList _stopped;

    /// <summary>The free list of requests that take over the resources of abandoned ones, linked by <see cref="Request.Next"/>.</summary>
    private Request? _freeHolders;

    public override void StopCancelledRequests()
    {
        for (Request? next, request = _queue.First; request is not null; request = next)
        {
            // A stopped request leaves the queue.
            next = request.Next;
            StopIfCancelled(request);
        }

        for (int slot = 0; slot < _waiting.Length && _waitingCount > 0; slot++)
        {
            for (Request? next, request = _waiting[slot].First; request is not null; request = next)
            {
                next = request.Next;
                StopIfCancelled(request);
            }
        }

        for (int i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] is { } owner)
                StopIfCancelled(owner);
        }
    }

    private static int StopErrno(IoFailureCause cause) => cause == IoFailureCause.TimedOut ? Errno.ETIMEDOUT : Errno.ECANCELED;

    private void StopIfCancelled(Request request)
    {
        if (request.IsCancelRequested && request.StopCause == IoFailureCause.None)
            Stop(request, IoFailureCause.Cancelled);
    }

    private void StopLateRequests()
    {
        long now = _ring.Now;
        for (Request? request = _oldest; request is not null && request.Deadline <= now; request = _oldest)
        {
            StopClock(request);
            if (request.StopCause == IoFailureCause.None)
                Stop(request, IoFailureCause.TimedOut);
        }
    }

    /// <summary>Fails the chunks that are not in the kernel and cancels the others. <see cref="EndStopped"/> ends the request.</summary>
    private void Stop(Request request, IoFailureCause cause)
    {
        request.StopCause = cause;
        StopClock(request);

        // Counts as one more pending chunk until EndStopped; a request in the queue has that already.
        if (request.IsQueued)
            LeaveQueue(request);
        else
            request.Pending++;
        _stopped.Append(request);
        StopJoined(request);

        int errno = StopErrno(cause);
        for (int region = 0; region < request.LegCount; region++)
        {
            ref Leg leg = ref request.Legs[region];

            // Of what was written and not flushed nobody knows whether it is durable.
            if (leg.FlushesLast)
                request.Fail(region, leg.Start / IoRegion.SectorSize, errno, cause);
            if (leg.Remaining > 0 || leg.Stage == LegStage.MustFlush)
                request.FailRest(region, errno, cause);
        }

        FailWaiting(ref _again, request);
        FailWaiting(ref _delayed, request);
        for (int i = 0; i < _owners.Length; i++)
        {
            Chunk* chunk = &_chunks[i];
            if (_owners[i] == request && chunk->IsInKernel && !chunk->MustCancel)
            {
                chunk->MustCancel = true;
                _toCancel++;
            }
        }
    }

    /// <summary>Removes a request from the queue of those that are not completely split, or from those that wait for a device.</summary>
    private void LeaveQueue(Request request)
    {
        request.IsQueued = false;
        if (!_queue.TryRemove(request))
            StopWaiting(request);
    }

    /// <summary>Fails a stopped request's chunks that wait for a retry.</summary>
    private void FailWaiting(ref ChunkList list, Request request)
    {
        ChunkList waiting = list.TakeAll();
        while (!waiting.IsEmpty)
        {
            int chunk = waiting.RemoveFirst();
            if (_owners[chunk] == request)
                Fail(chunk, StopErrno(request.StopCause), request.StopCause);
            else
                list.Append(chunk);
        }
    }

    /// <summary>
    /// Ends the stopped requests that can end now: none of their chunks is in the kernel, or their memory belongs to the engine. A request that is
    /// stopped by a callback during this call waits for the next turn, so that callbacks that keep submitting can't prolong this one for ever.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndStopped()
    {
        Request? next = _stopped.TakeAll();
        long before = BeginBusy(Stopwatch.GetTimestamp());
        while (next is { } request)
        {
            next = request.Next;
            request.Next = null;
            if (request.Pending > 1 && request.OwnsMemory)
                Abandon(request);
            Finish(request);
        }

        EndBusy(before, Stopwatch.GetTimestamp());
    }

    /// <summary>Fails a request's chunks that are in the kernel, and moves the resources that these need to another request object.</summary>
    private void Abandon(Request request)
    {
        int errno = StopErrno(request.StopCause);
        Request holder = _freeHolders ?? new Request(NoReporter);
        _freeHolders = holder.Next;
        holder.Next = null;
        for (int i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] != request)
                continue;

            // For a flush this is the region's first sector: nothing of its data was issued.
            Chunk* chunk = &_chunks[i];
            request.Fail(chunk->Region, chunk->Offset / IoRegion.SectorSize, errno, request.StopCause);
        }

        if (request.DependsOnFlush)
            request.FailDoubtful();
        CountRegions(request);
        holder.TakeResourcesOf(request);
        for (int i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] != request)
                continue;
            _chunks[i].Kind = ChunkKind.Abandoned;
            _owners[i] = holder;
            holder.Pending++;
            request.Pending--;
        }
    }

    /// <summary>An abandoned chunk has completed; with the last one of a request its resources are released.</summary>
    private void Reclaim(int index, int result)
    {
        Chunk* chunk = &_chunks[index];
        NoteAbandonedResult(index, result);
        if (chunk->Bounce != Chunk.NoBounce)
            _bounce.Return(chunk->Bounce, default, copyBack: false);
        Request holder = FreeChunk(index, 0);
        if (--holder.Pending != 0)
            return;
        holder.Release(Devices);
        holder.Next = _freeHolders;
        _freeHolders = holder;
    }

    /// <summary>Submits cancels for the chunks of stopped requests, a few at a time.</summary>
    private void CancelChunks()
    {
        for (int i = 0; i < _owners.Length && _toCancel > 0 && _cancelsUnderWay < MaxCancels; i++)
        {
            Chunk* chunk = &_chunks[i];
            if (_owners[i] is null || !chunk->MustCancel)
                continue;
            IoUringSqe* entry = NextEntry(EntryRoute.NoPoll);
            if (entry is null)
                return;
            EntryWriter.WriteCancel(entry, chunk->Route == EntryRoute.Command ? CommandData(chunk, i) : UserData(chunk, i), CancelToken);
            chunk->MustCancel = false;
            _toCancel--;
            _cancelsUnderWay++;
        }
    }

    /// <summary>Adds a request to the list of those with a time limit. All have the same limit, so the list is in the order of their deadlines.</summary>
    private void StartClock(Request request)
    {
        request.Deadline = _ring.Now + _timeLimit;
        request.Older = _youngest;
        request.Younger = null;
        if (_youngest is null)
            _oldest = request;
        else
            _youngest.Younger = request;
        _youngest = request;
    }

    /// <summary>Removes a request from the list of those with a time limit, if it is there.</summary>
    private void StopClock(Request request)
    {
        if (request.Deadline == 0)
            return;
        request.Deadline = 0;
        if (request.Older is null)
            _oldest = request.Younger;
        else
            request.Older.Younger = request.Younger;
        if (request.Younger is null)
            _youngest = request.Older;
        else
            request.Younger.Older = request.Older;
        request.Older = null;
        request.Younger = null;
    }
}
