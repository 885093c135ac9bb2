using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Engine;

/// <summary>
/// Turns requests into chunks, chunks into ring entries, completions into error bits, and the last completion of a
/// request into its end. One thread owns it: no lock, no allocation after the constructor, no waiting but in
/// <see cref="Enter"/>.
/// </summary>
internal sealed unsafe partial class IoEngine<TRing> : IDisposable
    where TRing : struct, IRing
{
    /// <summary>Pages that one piece may touch before the kernel gives it to a worker: BIO_MAX_VECS.</summary>
    private const int PageMask = 4095;

    private const uint WakeToken = uint.MaxValue;
    private readonly Chunk* _chunks;
    private readonly Request?[] _owners;
    private readonly IoUringCqe[] _taken = new IoUringCqe[64];
    private readonly int _chunkBytes;
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
    public IoEngine(TRing ring, int chunkBytes)
    {
        _ring = ring;
        _chunkBytes = chunkBytes;
        int capacity = ring.Capacity;
        _owners = new Request?[capacity];
        _chunks = (Chunk*)NativeMemory.AlignedAlloc((nuint)capacity * (nuint)sizeof(Chunk), 64);
        NativeMemory.Clear(_chunks, (nuint)capacity * (nuint)sizeof(Chunk));
        _free = new ChunkList(_chunks);
        _again = new ChunkList(_chunks);
        _delayed = new ChunkList(_chunks);
        for (int i = 0; i < capacity; i++)
            _free.Append(i);
    }

    /// <summary>Chunks that the kernel has.</summary>
    public int InFlight { get; private set; }

    /// <summary>Whether nothing is under way here.</summary>
    public bool IsIdle => InFlight == 0 && _queueFirst is null && _again.IsEmpty && _delayed.IsEmpty;

    public EngineCounters Counters { get; } = new();

    /// <summary>Makes the calling thread the owner; see <see cref="IRing.Enable"/>.</summary>
    public void Enable(bool register) => _ring.Enable(register);

    /// <summary>Takes a request. It is issued with the next <see cref="Turn"/>, after those that came before it.</summary>
    public void Accept(Request request)
    {
        // One for the cutting itself, so that early completions can't end the request.
        request.Pending = 1;
        request.Next = null;
        if (_queueLast is null)
            _queueFirst = request;
        else
            _queueLast.Next = request;
        _queueLast = request;
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
        if (!_delayed.IsEmpty)
            ReleaseDueChunks();
        Issue();
        if (InFlight == 0 && !_wakeIsArmed)
            return;
        bool sleep = wait && !_ring.HasCompletions;
        _ring.Enter(sleep ? 1u : 0u, _delayed.IsEmpty ? -1 : TimeUntilDue());
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
        NativeMemory.AlignedFree(_chunks);
    }

    private void Issue()
    {
        if (_wakeDescriptor >= 0 && !_wakeIsArmed)
            ArmWake();

        while (!_again.IsEmpty)
        {
            IoUringSqe* entry = NextEntry();
            if (entry is null)
                return;
            int chunk = _again.RemoveFirst();
            Fill(entry, chunk);
        }

        while (_queueFirst is { } request)
        {
            if (!Cut(request))
                return;
            _queueFirst = request.Next;
            if (_queueFirst is null)
                _queueLast = null;
            Finish(request);
        }
    }

    /// <summary>Cuts a request's legs into chunks and issues them, as far as places and entries go.</summary>
    /// <returns>Whether all of it is cut; otherwise the cursor stays where it is.</returns>
    private bool Cut(Request request)
    {
        byte opcode = request.Operation == IoOperation.Read ? IoUring.IORING_OP_READ : IoUring.IORING_OP_WRITE;
        Leg[] legs = request.Legs;
        for (; request.Cursor < request.LegCount; request.Cursor++)
        {
            ref Leg leg = ref legs[request.Cursor];
            while (leg.Remaining > 0)
            {
                if (_free.IsEmpty)
                    return false;
                IoUringSqe* entry = NextEntry();
                if (entry is null)
                    return false;

                int index = _free.RemoveFirst();
                Chunk* chunk = &_chunks[index];
                uint length = NextLength(leg);
                chunk->Offset = leg.Offset;
                chunk->Buffer = leg.Buffer;
                chunk->Length = length;
                chunk->Descriptor = leg.Device.Descriptor;
                chunk->Alignment = leg.Device.OffsetAlignment;
                chunk->Opcode = opcode;
                chunk->Region = (byte)request.Cursor;
                chunk->Attempts = 0;
                leg.Offset += length;
                leg.Buffer += length;
                leg.Remaining -= length;

                _owners[index] = request;
                request.Pending++;
                InFlight++;
                Fill(entry, index);
            }
        }

        return true;
    }

    /// <summary>
    /// The chunk size, less what the buffer is off a page: 1 MiB from the middle of a page touches 257 pages, one more than
    /// the kernel takes without a worker. Regions are whole logical blocks and so are these cuts.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint NextLength(in Leg leg)
    {
        if (leg.Remaining + ((nint)leg.Buffer & PageMask) <= _chunkBytes)
            return (uint)leg.Remaining;
        long length = _chunkBytes - ((nint)leg.Buffer & PageMask);
        length -= length % leg.Device.LogicalBlockSize;

        // A chunk size below one logical block: the block wins.
        return (uint)Math.Min(leg.Remaining, Math.Max(length, leg.Device.LogicalBlockSize));
    }

    /// <summary>The next entry, handing over the full queue first when it is full.</summary>
    private IoUringSqe* NextEntry()
    {
        IoUringSqe* entry = _ring.TryNext();
        if (entry is not null)
            return entry;
        _ring.Enter(0, 0);
        return _ring.TryNext();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fill(IoUringSqe* entry, int index)
    {
        Chunk* chunk = &_chunks[index];
        entry->opcode = chunk->Opcode;
        entry->fd = chunk->Descriptor;
        entry->off = (ulong)chunk->Offset;
        entry->addr = (ulong)chunk->Buffer;
        entry->len = chunk->Length;
        entry->user_data = ((ulong)chunk->Generation << 32) | (uint)index;
        Counters.Entries++;
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
