using System.Diagnostics;
using DmIoUring.Devices;
using DmIoUring.Telemetry;

namespace DmIoUring.Engine;

/// <summary>
/// The part of an engine that does not depend on its kind of ring: what its driver calls once for each request or once for each turn, never once for
/// each entry. Except where noted, members must be called on the owning thread.
/// </summary>
internal abstract unsafe class IoEngine : IDisposable
{
    public EngineCounters Counters { get; } = new();

    /// <summary>Where it tells what happens.</summary>
    public DriverTelemetry Telemetry { get; protected init; } = DriverTelemetry.None;

    /// <summary>So many ticks of the stopwatch at once are a callback that blocks.</summary>
    public static readonly long StallTicks = (long)(DriverTelemetry.StallTime.TotalSeconds * Stopwatch.Frequency);

    private long _busySince;

    /// <summary>Since when callbacks may be running, in ticks of the stopwatch; 0 while none can. Any thread.</summary>
    public long BusySince => Volatile.Read(ref _busySince);

    /// <summary>Callbacks may run from now on. Must be called on the owning thread.</summary>
    /// <returns>For <see cref="EndBusy"/>.</returns>
    public long BeginBusy(long now)
    {
        long before = _busySince;
        if (before == 0)
            Volatile.Write(ref _busySince, now);
        return before;
    }

    /// <summary>Ends what <see cref="BeginBusy"/> began, unless that was within another.</summary>
    /// <param name="before">What <see cref="BeginBusy"/> returned.</param>
    /// <param name="now">The time.</param>
    public void EndBusy(long before, long now)
    {
        long began = _busySince;
        Volatile.Write(ref _busySince, before);
        if (before == 0 && now - began > StallTicks)
            StallEnded?.Invoke(began, now - began);
    }

    /// <summary>Told of callbacks that took too long when they have ended: since when, and how long. For an owner that others wait for.</summary>
    public Action<long, long>? StallEnded { get; set; }

    /// <summary>When the owner's present turn began, in ticks of the stopwatch; 0 for an owner that does not tell. It costs no look at a clock for each request.</summary>
    public long TurnBegan { get; set; }

    /// <summary>
    /// The path of a device of the request whose callback runs now, or of the last one that ended; null while none has. Any thread.
    /// </summary>
    public abstract string? LastDevice { get; }

    /// <summary>The devices that the engine holds open; null when each request holds its own.</summary>
    public DeviceTable? Devices { get; protected init; }

    /// <summary>The free list for requests with a callback; null when each returns to its pool.</summary>
    public RequestFreeList? FreeRequests { get; protected init; }

    /// <summary>Chunks in flight, those that wait for a retry included.</summary>
    public int InFlight { get; protected set; }

    /// <summary>Whether a waiting <see cref="Enter"/> would poll devices instead of sleeping: the owner needs no wake-up then.</summary>
    public abstract bool MustPoll { get; }

    /// <summary>Whether there are results for <see cref="Dispatch"/>.</summary>
    public abstract bool HasResults { get; }

    /// <summary>Whether <see cref="Dispatch"/> has transfers to make itself. There may be new ones each time: the owner must enter all the same.</summary>
    public abstract bool HasInlineTransfers { get; }

    /// <summary>Whether no request is in flight.</summary>
    public abstract bool IsIdle { get; }

    /// <summary>Whether chunks wait for a free slot or a ring entry.</summary>
    public abstract bool HasWaiting { get; }

    /// <summary>Wakes the owner when there is work that no ring reports while it sleeps. Called on any thread; null for an owner that needs no wake-up.</summary>
    public abstract Action? WakeOwner { get; set; }

    /// <summary>What registering the pool's pages answered: 0, the errno for which they are used unregistered, or null before the first attempt. Any thread.</summary>
    public abstract int? RegisterErrno { get; }

    /// <summary>Whether the pool's registrations are clones of one table: 0, the errno for which this ring has its own, or null where no clone was asked for. Any thread.</summary>
    public abstract int? CloneErrno { get; }

    /// <summary>What registering devices answered: 0, the errno for which they are used unregistered, or null before the first attempt. Any thread.</summary>
    public abstract int? RegisterFilesErrno { get; }

    /// <summary>Makes the calling thread the owner; see <see cref="Rings.IRing.Enable"/>.</summary>
    /// <exception cref="IoUringUnavailableException">The host refuses to run the ring.</exception>
    public abstract void Enable(bool register);

    /// <summary>Marks the ring as lost: something other than <see cref="Enter"/> has found that it does not work. Must be called on the owning thread.</summary>
    public abstract void MarkRingLost(int errno);

    /// <summary>Makes a write to the eventfd end a waiting <see cref="Enter"/>.</summary>
    public abstract void WakeOn(int eventfd);

    /// <summary>
    /// Takes a request. When no other chunks wait, its entries are written at once, and submitted to the kernel by the next
    /// <see cref="Enter"/>. The request never ends during this call.
    /// </summary>
    public abstract void Accept(Request request);

    /// <summary>
    /// The fast path of <see cref="Accept"/>: takes a read or a write whose regions are one chunk each, on devices that are held open, if no other
    /// chunks wait and there is room for all of them. Otherwise it does nothing; call <see cref="Accept"/> then.
    /// </summary>
    /// <param name="request">The request, prepared by <see cref="Request.PrepareFast"/>; its memory is pinned.</param>
    /// <param name="operation">Read or write.</param>
    /// <param name="regions">Where.</param>
    /// <param name="memory">The buffer's first byte.</param>
    /// <returns>Whether the engine has taken it.</returns>
    public abstract bool TryAcceptFast(Request request, IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory);

    /// <summary>The first half of a turn: issues the chunks that can be issued and enters the ring once.</summary>
    /// <param name="waitFor">Completions to sleep for, if none is there; 0 not to sleep. It never waits for more than are in flight, and not at all when a request ended during this call.</param>
    /// <param name="limit">Nanoseconds to sleep at most; negative for no limit. A sleep may end early anyway.</param>
    /// <param name="minWait">Nanoseconds to wait for more than one completion; after that one is enough. 0 for no such time.</param>
    public abstract void Enter(uint waitFor, long limit = -1, long minWait = 0);

    /// <summary>The second half of a turn: processes every completion that is there. Callbacks run during this call and may submit.</summary>
    /// <returns>How many completions there were.</returns>
    public abstract int Dispatch();

    /// <summary>Stops every request that was cancelled since the last call.</summary>
    public abstract void StopCancelledRequests();

    /// <summary>Every request that has not ended, queued ones included.</summary>
    public abstract IReadOnlyList<IoPendingRequest> GetPendingRequests();

    public abstract void Dispose();

    /// <summary>Issues the chunks that can be issued, enters the ring once, and processes every completion that is there.</summary>
    /// <param name="wait">Whether to sleep when nothing has completed. A turn may end early: the caller must repeat it.</param>
    public void Turn(bool wait)
    {
        Enter(wait ? 1u : 0u);
        Dispatch();
    }
}
