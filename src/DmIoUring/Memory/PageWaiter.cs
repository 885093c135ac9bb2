using System.Diagnostics;

namespace DmIoUring.Memory;

/// <summary>
/// A waiting renter. All members but <see cref="Signal"/> must be used under the pool's lock; once it is out of the queue its
/// outcome is final.
/// </summary>
internal abstract class PageWaiter
{
    public int Pages { get; private set; }

    /// <summary>Whether the pages must be adjacent.</summary>
    public bool Contiguous { get; private set; }

    public WaitOutcome Outcome { get; private set; }

    /// <summary>The pages that it was granted.</summary>
    public PageList List { get; private set; }

    /// <summary>The limit that it exceeds: the pages reserved, or those of the largest extent.</summary>
    public long Limit { get; private set; }

    /// <summary>When the wait began, in ticks of the stopwatch.</summary>
    public long Since { get; private set; }

    public PageWaiter? Next { get; set; }

    public PageWaiter? Previous { get; set; }

    public bool IsQueued => Outcome == WaitOutcome.Waiting;

    public void Begin(int pages, bool contiguous)
    {
        Pages = pages;
        Contiguous = contiguous;
        List = default;
        Since = Stopwatch.GetTimestamp();
        Outcome = WaitOutcome.Waiting;
    }

    public void End(WaitOutcome outcome, in PageList list, long limit)
    {
        List = list;
        Limit = limit;
        Outcome = outcome;
    }

    /// <summary>Wakes the renter. Must be called without the lock; the object may be reused before this returns.</summary>
    public abstract void Signal();
}

/// <summary>The state of a wait for pages, or how it ended.</summary>
internal enum WaitOutcome
{
    Waiting,
    Granted,

    /// <summary>It asks for more than is reserved in total.</summary>
    TooMany,

    /// <summary>It asks for more adjacent pages than any extent has.</summary>
    TooLong,

    Cancelled,
    Disposed,
}
