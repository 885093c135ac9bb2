using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>
/// A ring without a kernel: an <see cref="Enter"/> that waits completes a bunch of entries, the oldest first, in full, or as many as it waits
/// for if those are more. What is left to measure is what is done around it.
/// </summary>
internal unsafe struct NopRing : IRing
{
    private const uint Bunch = 32;
    private readonly IoUringSqe* _entries;
    private readonly IoUringCqe* _completions;
    private readonly uint _mask;
    private uint _queued;
    private uint _submitted;
    private uint _completed;
    private uint _taken;

    public NopRing(int capacity)
    {
        Capacity = capacity;
        uint places = (uint)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity + 8);
        _mask = places - 1;
        _entries = (IoUringSqe*)NativeMemory.AlignedAlloc(places * (nuint)sizeof(IoUringSqe), 4096);
        _completions = (IoUringCqe*)NativeMemory.AlignedAlloc(places * (nuint)sizeof(IoUringCqe), 4096);
    }

    public int Capacity { get; }

    public readonly int AtOnce => Capacity;

    public readonly long Now => Stopwatch.GetTimestamp();

    public readonly bool IsPolling => false;

    public readonly RingCalls? CommandCalls => null;

    public readonly bool Polls(EntryRoute route) => false;

    public readonly int Room => (int)(_mask + 1 - (_queued - _taken));

    public long EnterCount { get; private set; }

    public readonly bool HasQueued => _queued != _submitted;

    public readonly bool HasCompletions => _completed != _taken;

    public readonly bool HasFixedVectors => true;

    public readonly void Enable(bool register)
    {
    }

    public readonly int RegisterBufferTable(int slots) => 0;

    public readonly int RegisterBuffer(int slot, byte* start, long length) => 0;

    public readonly int CloneBuffers(int source) => -Errno.EOPNOTSUPP;

    public readonly int RegisterFileTable(int slots) => 0;

    public readonly int RegisterFile(int slot, int descriptor) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IoUringSqe* TryNext(EntryRoute route)
    {
        if (_queued - _taken > _mask)
            return null;
        IoUringSqe* entry = &_entries[_queued++ & _mask];
        return entry;
    }

    public readonly bool HasCommands => true;

    public readonly void Abandon(ICollection<RingTeardown> teardowns)
    {
    }

    public int Enter(uint minComplete, long timeout, long minWait)
    {
        EnterCount++;
        _submitted = _queued;
        uint count = minComplete == 0 ? 0 : Math.Min(Math.Max(minComplete, Bunch), _submitted - _completed);
        for (; count > 0; count--)
        {
            IoUringSqe* entry = &_entries[_completed & _mask];
            _completions[_completed & _mask] = new IoUringCqe { user_data = entry->user_data, res = (int)entry->len };
            _completed++;
        }

        return 0;
    }

    public int Take(Span<IoUringCqe> into)
    {
        int count = (int)Math.Min(_completed - _taken, (uint)into.Length);
        for (int i = 0; i < count; i++)
            into[i] = _completions[_taken++ & _mask];
        return count;
    }

    public readonly int Execute(in IoUringSqe entry) => -Errno.EINVAL;

    public readonly long Sleeps => 0;

    public readonly void Dispose()
    {
        NativeMemory.AlignedFree(_entries);
        NativeMemory.AlignedFree(_completions);
    }
}
