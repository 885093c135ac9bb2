namespace DmIoUring.Memory;

/// <summary>
/// One renter in the queue. Everything but <see cref="Signal"/> happens under the pool's lock; once it is out of the queue its
/// outcome stands.
/// </summary>
internal abstract class PageWaiter
{
    public int Pages { get; private set; }

    /// <summary>Whether only adjacent pages will do.</summary>
    public bool Contiguous { get; private set; }

    public WaitOutcome Outcome { get; private set; }

    /// <summary>What it got.</summary>
    public PageList List { get; private set; }

    /// <summary>What stands against it: the pages reserved, or those of the largest extent.</summary>
    public long Limit { get; private set; }

    public PageWaiter? Next { get; set; }

    public PageWaiter? Previous { get; set; }

    public bool IsQueued => Outcome == WaitOutcome.Waiting;

    public void Begin(int pages, bool contiguous)
    {
        Pages = pages;
        Contiguous = contiguous;
        List = default;
        Outcome = WaitOutcome.Waiting;
    }

    public void End(WaitOutcome outcome, in PageList list, long limit)
    {
        List = list;
        Limit = limit;
        Outcome = outcome;
    }

    /// <summary>Tells the renter. Outside of the lock; the node may be in use again before this returns.</summary>
    public abstract void Signal();
}

/// <summary>How a wait for pages ends, or that it goes on.</summary>
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
