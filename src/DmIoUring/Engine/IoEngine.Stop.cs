using System.Runtime.CompilerServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Requests that end before their time: cancelled, or past their time limit.</content>
/// <remarks>
/// What is not in the kernel is failed at once. What is there is asked back, best effort: a device that has a command
/// keeps it. The request ends when the last piece has come back, and not before: only then is the buffer free. One that
/// writes a private copy ends in the same turn: the copy is the engine's, so that the engine keeps it for the kernel
/// (<see cref="Abandon"/>), and the pages, the devices and the chunks' places come back when the kernel lets go.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Cancels under way at most: their completions take places in the queue beyond the chunks' own.</summary>
    private const int MaxCancels = 4;

    /// <summary>Has no caller whose callback could throw.</summary>
    private static readonly CallbackReporter NoReporter = new(handler: null);

    private Request? _oldest;
    private Request? _youngest;
    private int _toCancel;
    private int _cancelsUnderWay;
    private Request? _stoppedFirst;
    private Request? _stoppedLast;

    /// <summary>Requests that hold what is abandoned, when nothing is: linked by <see cref="Request.Next"/>, as many as were needed at once.</summary>
    private Request? _freeHolders;

    public override void StopCancelledRequests()
    {
        for (Request? next, request = _queueFirst; request is not null; request = next)
        {
            // A stopped request leaves the queue.
            next = request.Next;
            StopIfCancelled(request);
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

    /// <summary>Fails what is not in the kernel and asks back what is. The request does not end in here: <see cref="EndStopped"/>.</summary>
    private void Stop(Request request, IoFailureCause cause)
    {
        request.StopCause = cause;
        StopClock(request);

        // One pending more until it is looked at again; a request in the queue has that already.
        if (request.IsQueued)
            LeaveQueue(request);
        else
            request.Pending++;
        request.Next = null;
        if (_stoppedLast is null)
            _stoppedFirst = request;
        else
            _stoppedLast.Next = request;
        _stoppedLast = request;

        int errno = StopErrno(cause);
        for (int region = 0; region < request.LegCount; region++)
        {
            ref Leg leg = ref request.Legs[region];
            if (leg.Remaining > 0 || leg.Stage == LegStage.FlushFirst)
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

    /// <summary>Takes a request out of the queue of those with chunks to be cut: it has none any more.</summary>
    private void LeaveQueue(Request request)
    {
        request.IsQueued = false;
        Request? before = null;
        for (Request? queued = _queueFirst; queued != request; queued = queued!.Next)
            before = queued;
        if (before is null)
            _queueFirst = request.Next;
        else
            before.Next = request.Next;
        if (_queueLast == request)
            _queueLast = before;
    }

    /// <summary>Fails a stopped request's chunks that wait to be tried again.</summary>
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
    /// Ends those of the stopped requests that can end now: the kernel has nothing of them, or only what is the engine's own. A request
    /// that is stopped by a callback in here waits for the next time, so that callbacks that go on submitting can't keep it for ever.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndStopped()
    {
        Request? next = _stoppedFirst;
        _stoppedFirst = null;
        _stoppedLast = null;
        while (next is { } request)
        {
            next = request.Next;
            request.Next = null;
            if (request.Pending > 1 && request.OwnsMemory)
                Abandon(request);
            Finish(request);
        }
    }

    /// <summary>Fails what the kernel has of a request, and hands over to another object what must last until the kernel is done.</summary>
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

            // A flush has failed its region from the first sector on: none of it was cut.
            Chunk* chunk = &_chunks[i];
            request.Fail(chunk->Region, chunk->Offset / IoRegion.SectorSize, errno, request.StopCause);
        }

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

    /// <summary>The kernel has let go of an abandoned chunk; with the last of a request everything comes back.</summary>
    private void Reclaim(int index)
    {
        Chunk* chunk = &_chunks[index];
        if (chunk->Bounce != Chunk.NoBounce)
            _bounce.Return(chunk->Bounce, default, copyBack: false);
        Request holder = FreeChunk(index);
        if (--holder.Pending != 0)
            return;
        holder.Release(Devices);
        holder.Next = _freeHolders;
        _freeHolders = holder;
    }

    /// <summary>Asks the kernel to let go of chunks of stopped requests, a few at a time.</summary>
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

    /// <summary>Requests have the same limit, so they run out in the order in which they came.</summary>
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

    /// <summary>Takes a request off the clock. Harmless when it is off already.</summary>
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
