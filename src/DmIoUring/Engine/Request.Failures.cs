namespace DmIoUring.Engine;

/// <content>Which regions failed.</content>
internal sealed unsafe partial class Request
{
    /// <summary>Whether its caller makes the request again in another way if the ring is lost, so that this attempt does not count then.</summary>
    public bool IsRepeatedIfLost { get; set; }

    /// <summary>Whether it has failed in a way that its caller does not hear of.</summary>
    public bool WillBeRepeated => IsRepeatedIfLost && (_failed | _unsupported) != 0 && _first.Cause == IoFailureCause.RingLost;

    /// <summary>When it was submitted, a time of the stopwatch; 0 where nobody asks.</summary>
    public long Submitted { get; set; }

    /// <summary>When all of a request of the fast path was issued, a time of the stopwatch; 0 where nobody asks, and for every other.</summary>
    public long Began { get; private set; }

    /// <summary>Whether its end takes nothing but the callback: it took the fast path, and nobody asks how long it has taken.</summary>
    public bool IsPlain { get; private set; } = true;

    /// <summary>Whether something is to be done when one of its chunks has ended.</summary>
    public bool WatchesChunks { get; private set; }

    /// <summary>Has a request of the fast path timed.</summary>
    public void NoteTimes(long now)
    {
        Submitted = now;
        Began = now;
        IsPlain = false;
        WatchesChunks = true;
    }

    /// <summary>Its times are recorded.</summary>
    public void ForgetTimes()
    {
        Submitted = 0;
        Began = 0;
        IsPlain = true;
        WatchesChunks = false;
    }

    /// <summary>When its engine got it, as <see cref="IoEngine.TurnBegan"/>; 0 where that is not known.</summary>
    public long Taken { get; set; }

    /// <summary>Keeps of a leg's failures the one that its report would have.</summary>
    private static void NoteFailure(ref Leg leg, bool isFirst, long sector, int errno, IoFailureCause cause)
    {
        if (!isFirst && sector >= leg.FailedSector)
            return;
        leg.FailedSector = sector;
        leg.FailedErrno = errno;
        leg.FailedCause = cause;
    }

    /// <summary>Whether a region has failed, and not because it is not supported.</summary>
    public bool HasFailed(int region) => (_failed & (1ul << region)) != 0;

    /// <summary>Whether a region is not supported.</summary>
    public bool IsUnsupported(int region) => (_unsupported & (1ul << region)) != 0;
}
