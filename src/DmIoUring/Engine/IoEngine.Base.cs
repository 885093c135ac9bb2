using DmIoUring.Devices;

namespace DmIoUring.Engine;

/// <summary>
/// An engine as its driver sees it, whichever ring it is compiled for: what is called once a request or once a turn, nothing
/// that is called for an entry.
/// </summary>
internal abstract unsafe class IoEngine : IDisposable
{
    public EngineCounters Counters { get; } = new();

    /// <summary>The devices that the engine holds; null when each request holds its own.</summary>
    public DeviceTable? Devices { get; protected init; }

    /// <summary>Where the requests of callbacks go; null when each goes back to its pool.</summary>
    public RequestFreeList? FreeRequests { get; protected init; }

    /// <summary>Chunks under way, those that wait to be tried again included.</summary>
    public int InFlight { get; protected set; }

    /// <summary>Whether a waiting <see cref="Enter"/> would ask devices over and over instead of sleeping: nobody needs to wake its owner then.</summary>
    public abstract bool MustPoll { get; }

    /// <summary>Whether <see cref="Dispatch"/> has something to deal with.</summary>
    public abstract bool HasResults { get; }

    /// <summary>Whether nothing is under way here.</summary>
    public abstract bool IsIdle { get; }

    /// <summary>Whether something waits for a place.</summary>
    public abstract bool HasWaiting { get; }

    /// <summary>Who is told, on any thread, when there is something to deal with that no ring tells of while the owner sleeps.</summary>
    public abstract Action? WakeOwner { get; set; }

    /// <summary>Why pool pages don't travel as registered buffers: what registering them answered, or 0.</summary>
    public abstract int? RegisterErrno { get; }

    /// <summary>Why devices don't travel as registered files: what registering one answered, or 0.</summary>
    public abstract int? RegisterFilesErrno { get; }

    /// <summary>Makes the calling thread the owner; see <see cref="Rings.IRing.Enable"/>.</summary>
    /// <exception cref="IoUringUnavailableException">The host refuses to run the ring.</exception>
    public abstract void Enable(bool register);

    /// <summary>Gives up the ring: something outside of <see cref="Enter"/> has found that it does not work. The owner.</summary>
    public abstract void MarkRingLost(int errno);

    /// <summary>Has the ring end a waiting <see cref="Enter"/> whenever the eventfd is written.</summary>
    public abstract void WakeOn(int eventfd);

    /// <summary>
    /// Takes a request. Where nothing waits before it its entries are filled at once, and go to the kernel with the next
    /// <see cref="Enter"/>. It never ends in here.
    /// </summary>
    public abstract void Accept(Request request);

    /// <summary>
    /// Starts a read or a write whose regions were all found to be one chunk each, on held devices (the fast path), if nothing waits before it
    /// and there is room for all of them. Nothing is done otherwise; then <see cref="Accept"/> is its way.
    /// </summary>
    /// <param name="request">The request, which keeps its memory already (<see cref="Request.PrepareFast"/>).</param>
    /// <param name="operation">Read or write.</param>
    /// <param name="regions">Where.</param>
    /// <param name="memory">The buffer's first byte.</param>
    /// <returns>Whether it was started.</returns>
    public abstract bool TryAcceptFast(Request request, IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory);

    /// <summary>The first half of a turn: issues what can be issued and enters the ring once.</summary>
    /// <param name="waitFor">Completions to sleep for, if none is there; 0 not to sleep. No more are waited for than are under way, and none when a request ended in here.</param>
    /// <param name="limit">Nanoseconds to sleep at most; negative for no limit. A sleep may end early anyway.</param>
    /// <param name="minWait">Nanoseconds to wait for more than one; 0 for as long as it takes.</param>
    public abstract void Enter(uint waitFor, long limit = -1, long minWait = 0);

    /// <summary>The second half of a turn: deals with every completion that is there. Callbacks run in here and may submit.</summary>
    /// <returns>How many completions there were.</returns>
    public abstract int Dispatch();

    /// <summary>Stops every request whose owner asked for it since the last time.</summary>
    public abstract void StopCancelledRequests();

    /// <summary>Every request that has not ended, those that wait behind others included.</summary>
    public abstract IReadOnlyList<IoPendingRequest> GetPendingRequests();

    public abstract void Dispose();

    /// <summary>Issues what can be issued, enters the ring once, and deals with every completion that is there.</summary>
    /// <param name="wait">Whether to sleep when nothing has completed. The caller goes on turning: a turn may end early.</param>
    public void Turn(bool wait)
    {
        Enter(wait ? 1u : 0u);
        Dispatch();
    }
}
