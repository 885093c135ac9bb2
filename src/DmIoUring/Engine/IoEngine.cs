using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>
/// Turns requests into chunks, chunks into ring entries, completions into error bits, and the last completion of a
/// request into its end. One thread owns it: no lock, no allocation on the way, no waiting but in <see cref="Enter"/>.
/// </summary>
internal sealed unsafe partial class IoEngine<TRing> : IDisposable
    where TRing : struct, IRing
{
    private const uint WakeToken = uint.MaxValue;
    private const uint CancelToken = uint.MaxValue - 1;

    /// <summary>BLK_MAX_BLOCK_SIZE, include/linux/blkdev.h: a piece is never less than a logical block.</summary>
    private const int LeastBounce = 64 << 10;
    private const int MostBounce = 256 << 10;
    private readonly Chunk* _chunks;
    private readonly Request?[] _owners;
    private readonly IoUringCqe[] _taken = new IoUringCqe[64];
    private readonly int _chunkBytes;
    private readonly long _timeLimit;
    private readonly Bounce _bounce;
    private readonly DiscardWorker _discards = new();
#pragma warning disable IDE0044 // A readonly struct field would be copied at every call, and the ring keeps its own state.
    private TRing _ring;
#pragma warning restore IDE0044
    private ChunkList _free;
    private ChunkList _again;
    private ChunkList _delayed;
    private Request? _queueFirst;
    private Request? _queueLast;
    private int _wakeDescriptor = -1;
    private bool _wakeIsArmed;

    /// <summary>Takes over a ring that is ready to be entered by the calling thread, or will be when that thread runs the engine.</summary>
    /// <param name="ring">The ring.</param>
    /// <param name="chunkBytes">The largest chunk.</param>
    /// <param name="timeLimit">Nanoseconds that a request may take; 0 for no limit.</param>
    /// <param name="pool">The pool whose pages the ring is to know.</param>
    public IoEngine(TRing ring, int chunkBytes, long timeLimit = 0, PagePool? pool = null)
    {
        _pool = pool;
        _ring = ring;
        _chunkBytes = chunkBytes;
        _timeLimit = timeLimit;
        _bounce = new Bounce(Math.Clamp(chunkBytes, LeastBounce, MostBounce));
        int capacity = ring.Capacity;
        _owners = new Request?[capacity];
        _chunks = (Chunk*)NativeMemory.AlignedAlloc((nuint)capacity * (nuint)sizeof(Chunk), 64);
        NativeMemory.Clear(_chunks, (nuint)capacity * (nuint)sizeof(Chunk));
        _vectors = (Iovec*)NativeMemory.Alloc(VectorPlaces, (nuint)sizeof(Iovec));
        _free = new ChunkList(_chunks);
        _again = new ChunkList(_chunks);
        _delayed = new ChunkList(_chunks);
        for (int i = 0; i < capacity; i++)
            _free.Append(i);
    }

    /// <summary>Chunks under way, those that wait to be tried again included.</summary>
    public int InFlight { get; private set; }

    /// <summary>Whether nothing is under way here.</summary>
    public bool IsIdle => InFlight == 0 && _queueFirst is null;

    public EngineCounters Counters { get; } = new();

    /// <summary>Whether there is something to deal with that no ring tells of.</summary>
    public bool HasResults => _discards.HasResults;

    /// <summary>Who is told, on any thread, when <see cref="HasResults"/> becomes true while the owner sleeps.</summary>
    public Action? Notify
    {
        get => _discards.Notify;
        set => _discards.Notify = value;
    }

    /// <summary>Makes the calling thread the owner; see <see cref="IRing.Enable"/>.</summary>
    public void Enable(bool register) => _ring.Enable(register);

    /// <summary>Takes a request. It is issued with the next <see cref="Turn"/>, after those that came before it.</summary>
    public void Accept(Request request)
    {
        if (_timeLimit > 0)
            StartClock(request);
        Enqueue(request);
        StopIfAsked(request);
    }

    /// <summary>Issues what can be issued, enters the ring once, and deals with every completion that is there.</summary>
    /// <param name="wait">Whether to sleep when nothing has completed. The caller goes on turning: a turn may end early.</param>
    public void Turn(bool wait)
    {
        Enter(wait);
        Dispatch();
    }

    /// <summary>The first half of a turn: issues what can be issued and enters the ring once.</summary>
    /// <param name="wait">Whether to sleep when nothing has completed.</param>
    public void Enter(bool wait)
    {
        if (_pool is not null && _pool.Extents is var extents && extents.Version != _seenVersion)
            UpdateRegistrations(extents);
        if (_oldest is not null)
            StopLateRequests();
        if (!_delayed.IsEmpty)
            ReleaseDueChunks();
        Issue();
        if (_toCancel > 0)
            CancelChunks();
        if (InFlight == 0 && !_wakeIsArmed)
            return;
        bool sleep = wait && !_ring.HasCompletions && !_discards.HasResults;
        _ring.Enter(sleep ? 1u : 0u, TimeToWait());
        Counters.Enters = _ring.EnterCount;
    }

    /// <summary>Has the ring end a waiting <see cref="Turn"/> whenever the eventfd is written.</summary>
    public void WakeOn(int eventfd)
    {
        _wakeDescriptor = eventfd;
        ArmWake();
    }

    public void Dispose()
    {
        _ring.Dispose();
        _bounce.Dispose();
        NativeMemory.AlignedFree(_chunks);
        NativeMemory.Free(_vectors);
    }

    /// <summary>Puts a request behind the others that have chunks to be cut.</summary>
    private void Enqueue(Request request)
    {
        // One for the cutting itself, so that early completions can't end the request.
        request.Pending++;
        request.IsQueued = true;
        request.Next = null;
        if (_queueLast is null)
            _queueFirst = request;
        else
            _queueLast.Next = request;
        _queueLast = request;
    }

    private void Issue()
    {
        if (_wakeDescriptor >= 0 && !_wakeIsArmed)
            ArmWake();

        while (!_again.IsEmpty)
        {
            int chunk = _again.First;
            IoFailureCause stopped = _owners[chunk]!.StopCause;
            if (stopped == IoFailureCause.None && !TryFill(chunk))
                return;
            _again.RemoveFirst();
            if (stopped != IoFailureCause.None)
                Fail(chunk, StopErrno(stopped), stopped);
        }

        while (_queueFirst is { } request)
        {
            if (!Cut(request))
                return;
            _queueFirst = request.Next;
            if (_queueFirst is null)
                _queueLast = null;
            request.IsQueued = false;
            Finish(request);
        }
    }

    private void ArmWake()
    {
        IoUringSqe* entry = NextEntry();
        if (entry is null)
            return;
        entry->opcode = IoUring.IORING_OP_POLL_ADD;
        entry->fd = _wakeDescriptor;
        entry->len = IoUring.IORING_POLL_ADD_MULTI;
        entry->poll32_events = (uint)FileAbi.POLLIN;
        entry->user_data = WakeToken;
        _wakeIsArmed = true;
    }
}
