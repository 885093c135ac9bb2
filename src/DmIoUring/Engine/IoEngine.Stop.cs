using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <content>Requests that end before their time: cancelled, or past their time limit.</content>
/// <remarks>
/// What is not in the kernel is failed at once. What is there is asked back, best effort: a device that has a command
/// keeps it. The request ends when the last piece has come back, and not before: only then is the buffer free.
/// </remarks>
internal sealed unsafe partial class IoEngine<TRing>
{
    /// <summary>Cancels under way at most: their completions take places in the queue beyond the chunks' own.</summary>
    private const int MostCancels = 4;

    private Request? _oldest;
    private Request? _youngest;
    private int _toCancel;
    private int _cancelsUnderWay;

    public override void StopAskedRequests()
    {
        for (Request? request = _queueFirst; request is not null; request = request.Next)
            StopIfAsked(request);
        for (int i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] is { } owner)
                StopIfAsked(owner);
        }
    }

    private static int StopErrno(IoFailureCause cause) => cause == IoFailureCause.TimedOut ? Errno.ETIMEDOUT : Errno.ECANCELED;

    private void StopIfAsked(Request request)
    {
        if (request.IsStopAsked && request.StopCause == IoFailureCause.None)
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

    private void Stop(Request request, IoFailureCause cause)
    {
        request.StopCause = cause;
        int errno = StopErrno(cause);
        for (int region = 0; region < request.LegCount; region++)
        {
            ref Leg leg = ref request.Legs[region];
            if (leg.Remaining > 0 || leg.Stage == LegStage.FlushFirst)
                request.FailRest(region, errno, cause);
        }

        for (int i = 0; i < _owners.Length; i++)
        {
            Chunk* chunk = &_chunks[i];
            if (_owners[i] != request)
                continue;
            if (!chunk->IsInKernel)
            {
                // It waits to be tried again, and fails there instead (Issue).
                chunk->Due = 0;
            }
            else if (!chunk->MustCancel)
            {
                chunk->MustCancel = true;
                _toCancel++;
            }
        }
    }

    /// <summary>Asks the kernel to let go of chunks of stopped requests, a few at a time.</summary>
    private void CancelChunks()
    {
        for (int i = 0; i < _owners.Length && _toCancel > 0 && _cancelsUnderWay < MostCancels; i++)
        {
            Chunk* chunk = &_chunks[i];
            if (_owners[i] is null || !chunk->MustCancel)
                continue;
            IoUringSqe* entry = NextEntry(EntryRoute.NoPoll);
            if (entry is null)
                return;
            EntryWriter.WriteCancel(entry, UserData(chunk, i), CancelToken);
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
