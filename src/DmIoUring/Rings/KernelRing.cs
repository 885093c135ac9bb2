using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>A ring of io_uring, its hot path: entries, enter, completions. <see cref="KernelRingHandle"/> sets the ring up and closes it.</summary>
/// <remarks>
/// <para>Ordering (tools/include/io_uring/mini_liburing.h and io_uring.7): the kernel reads the submission tail with acquire
/// and writes the completion tail with release, and so do we from the other side. Only this thread writes the
/// submission tail and the completion head, so its own reads of them are local.</para>
/// <para>Indices are 32 bits wide, wrap, and are only ever subtracted.</para>
/// </remarks>
internal unsafe struct KernelRing : IRing
{
    /// <summary>Nanoseconds to wait when the kernel is out of memory or has a backlog of completions.</summary>
    private const long BackOff = 1_000_000;

    /// <summary>Nanoseconds to wait for an expected batch of completions: the shortest wait that the kernel supports.</summary>
    private const long BatchMinWait = 1000;

    /// <summary>
    /// Nanoseconds to sleep at most in a wait for a batch. It must have a limit: without one the kernel ends it when the batch's time is over, even if nothing has
    /// completed (io_cqring_min_timer_wakeup, io_uring/io_uring.c), and the owner would go round and round.
    /// </summary>
    private const long LongWait = 3_600_000_000_000;

    /// <summary>Nanoseconds that the round trip of an empty entry may take.</summary>
    private const long ProofLimit = 5_000_000_000;

    /// <summary>
    /// From so many entries on, they are submitted by a separate call before the one that waits: at queue depth 128 that reads more than one call for
    /// both does, for the same processor time (bench/notes/b.md).
    /// </summary>
    private const uint SeparateSubmitThreshold = 8;

    private readonly KernelRingHandle _handle;
    private IoUringSqe* _entries;
    private IoUringCqe* _completions;
    private uint* _submissionHead;
    private uint* _submissionTail;
    private uint* _submissionFlags;
    private uint* _completionHead;
    private uint* _completionTail;
    private uint _submissionMask;
    private uint _submissionEntries;
    private uint _completionMask;
    private readonly int _capacity;

    /// <summary>Whether a kernel thread takes the entries (SQPOLL).</summary>
    private readonly bool _isSqPolled;

    /// <summary>Whether the kernel sets a flag when the next enter has work to do (TASKRUN_FLAG).</summary>
    private readonly bool _hasTaskRunFlag;
    private readonly bool _hasMinTimeout;
    private readonly bool _isIoPolled;
    private readonly RingCalls _calls;
    private CompletionBatchSize _batchSize;
    private int _descriptor;
    private int _lost;
    private uint _enterFlags;
    private uint _tail;

    public KernelRing(KernelRingHandle handle, int capacity)
        : this(handle.Layout, capacity, handle.SetupFlags, handle.Calls)
    {
        _handle = handle;
        _descriptor = handle.Descriptor;
        _hasMinTimeout = handle.HasMinTimeout;
    }

    /// <summary>Only the queues, in any memory; for tests.</summary>
    internal KernelRing(in RingLayout layout, int capacity, uint setupFlags = 0, RingCalls? calls = null)
    {
        _isSqPolled = (setupFlags & IoUring.IORING_SETUP_SQPOLL) != 0;
        _isIoPolled = (setupFlags & IoUring.IORING_SETUP_IOPOLL) != 0;
        _hasTaskRunFlag = (setupFlags & IoUring.IORING_SETUP_TASKRUN_FLAG) != 0 && !_isIoPolled;
        _handle = null!;
        _calls = calls ?? RingCalls.Kernel;
        _capacity = capacity;
        _descriptor = -1;
        _enterFlags = IoUring.IORING_ENTER_GETEVENTS;
        Use(layout);
    }

    public readonly int Capacity => _capacity;

    public readonly int AtOnce => _capacity;

    public readonly long Now => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    public readonly int Room
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int)(_submissionEntries - (_tail - Volatile.Read(ref *_submissionHead)));
    }

    public long EnterCount { get; private set; }

    public readonly bool IsPolling => false;

    public readonly bool HasQueued => _tail != Volatile.Read(ref *_submissionHead);

    public readonly bool HasCompletions
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref *_completionTail) != *_completionHead;
    }

    public void Enable(bool register)
    {
        _handle.Enable();
        ProveRoundTrip();
        if (register && _handle.RegisterWithThread(out int index))
        {
            _descriptor = index;
            _enterFlags |= IoUring.IORING_ENTER_REGISTERED_RING;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IoUringSqe* TryNext(EntryRoute route)
    {
        if (_tail - Volatile.Read(ref *_submissionHead) >= _submissionEntries)
            return null;
        IoUringSqe* entry = &_entries[_tail & _submissionMask];
        _tail++;
        return entry;
    }

    public readonly RingCalls? CommandCalls => _calls;

    public readonly bool Polls(EntryRoute route) => false;

    public readonly bool HasFixedVectors => _handle.Operations[IoUring.IORING_OP_READV_FIXED] && _handle.Operations[IoUring.IORING_OP_WRITEV_FIXED];

    public readonly bool HasCommands => _handle.Operations[IoUring.IORING_OP_URING_CMD];

    public readonly int RegisterBufferTable(int slots) => _lost != 0 ? -_lost : RegisteredBuffers.MakeTable(_handle.Descriptor, slots, _calls);

    public readonly int RegisterBuffer(int slot, byte* start, long length) =>
        _lost != 0 ? -_lost : RegisteredBuffers.Fill(_handle.Descriptor, slot, start, length, _calls);

    public readonly int CloneBuffers(int source) => _lost != 0 ? -_lost : RegisteredBuffers.CloneInto(_handle.Descriptor, source, _calls);

    /// <summary>The table exists already: <see cref="KernelRingHandle.Enable"/> has made it.</summary>
    public readonly int RegisterFileTable(int slots) => _lost != 0 ? -_lost : _handle.FileTableAnswer;

    public readonly int RegisterFile(int slot, int descriptor)
    {
        IoUringRsrcUpdate2 update = new() { offset = (uint)slot, data = (ulong)&descriptor, nr = 1 };
        return _lost != 0 ? -_lost : _handle.Register(IoUring.IORING_REGISTER_FILES_UPDATE2, &update, (uint)sizeof(IoUringRsrcUpdate2));
    }

    public int Enter(uint minComplete, long timeout, long minWait)
    {
        if (_lost != 0)
            return -_lost;
        Volatile.Write(ref *_submissionTail, _tail);
        uint toSubmit = _tail - Volatile.Read(ref *_submissionHead);
        bool asks = MustEnter(toSubmit, out uint flags);
        if (minComplete == 0 && !asks)
            return 0;
        int result = 0;
        if (toSubmit >= SeparateSubmitThreshold && minComplete > 0 && !_isSqPolled)
        {
            result = Submit(toSubmit);
            toSubmit -= (uint)Math.Max(result, 0);
        }

        if (result >= 0)
            result = EnterOnce(toSubmit, minComplete, timeout, minWait, flags);

        // The kernel is out of memory for requests, or has completions that it could not post yet. Published
        // entries stay published and are submitted by the next enter; meanwhile wait for completions.
        if (result is -Errno.EAGAIN or -Errno.EBUSY)
            result = EnterOnce(0, 1, BackOff, 0, 0);

        // The time has passed, or a signal came. After any other errno it is unknown which entries the kernel has taken.
        if (result >= 0 || result is -Errno.ETIME or -Errno.EINTR or -Errno.EAGAIN or -Errno.EBUSY)
            return 0;
        _lost = -result;
        return result;
    }

    public void Abandon(ICollection<RingTeardown> teardowns)
    {
        // A companion is closed with a ring that is lost. The number of its descriptor may be another file's from now on.
        if (_lost == 0)
            _lost = Errno.ENXIO;
        UnregisterFromThread();
        if (_handle.Abandon() is { } teardown)
            teardowns.Add(teardown);
        Use(RingLayout.Inert);
    }

    public int Take(Span<IoUringCqe> into)
    {
        uint head = *_completionHead;
        uint ready = Volatile.Read(ref *_completionTail) - head;
        int count = (int)Math.Min(ready, (uint)into.Length);
        for (int i = 0; i < count; i++)
            into[i] = _completions[(head + (uint)i) & _completionMask];
        Volatile.Write(ref *_completionHead, head + (uint)count);
        return count;
    }

    public readonly int Execute(in IoUringSqe entry) => EntryExecution.Run(entry);

    public readonly long Sleeps => Libc.VoluntarySwitches();

    public void Dispose()
    {
        UnregisterFromThread();
        _handle.Dispose();
    }

    private void UnregisterFromThread()
    {
        if ((_enterFlags & IoUring.IORING_ENTER_REGISTERED_RING) != 0)
            _handle.UnregisterFromThread(_descriptor);
        _enterFlags = 0;
    }

    private void Use(in RingLayout layout)
    {
        _entries = layout.Entries;
        _completions = layout.Completions;
        _submissionHead = layout.SubmissionHead;
        _submissionTail = layout.SubmissionTail;
        _submissionFlags = layout.SubmissionFlags;
        _completionHead = layout.CompletionHead;
        _completionTail = layout.CompletionTail;
        _submissionMask = layout.SubmissionEntries - 1;
        _submissionEntries = layout.SubmissionEntries;
        _completionMask = layout.CompletionEntries - 1;
        _tail = Volatile.Read(ref *_submissionTail);
    }

    /// <summary>Tests the round trip of an empty entry: io_uring_enter may be forbidden where the other calls are not.</summary>
    private void ProveRoundTrip()
    {
        IoUringSqe* entry = TryNext(EntryRoute.NoPoll);
        *entry = default;
        long start = Now;
        while (!HasCompletions)
        {
            int result = Enter(1, ProofLimit, 0);
            if (result < 0)
                throw RingRefusal.Explain(-result, "io_uring_enter");
            if (Now - start > ProofLimit)
                throw RingRefusal.Explain(Errno.ETIME, "io_uring_enter");
        }

        Span<IoUringCqe> completion = stackalloc IoUringCqe[1];
        _ = Take(completion);
        EnterCount = 0;
        _batchSize = default;
    }

    /// <summary>Whether the kernel must be entered although the caller does not wait.</summary>
    private readonly bool MustEnter(uint toSubmit, out uint flags)
    {
        flags = 0;
        if (!_isSqPolled)
            return toSubmit != 0 || !_hasTaskRunFlag || (Volatile.Read(ref *_submissionFlags) & (IoUring.IORING_SQ_TASKRUN | IoUring.IORING_SQ_CQ_OVERFLOW)) != 0;

        // The kernel thread reads the tail once more after it has set the flag that it sleeps. So the tail must be visible
        // before the flag is read (io_uring_sqe_prep, io_sq_thread); otherwise both could miss each other.
        Interlocked.MemoryBarrier();
        if (toSubmit != 0 && (Volatile.Read(ref *_submissionFlags) & IoUring.IORING_SQ_NEED_WAKEUP) != 0)
            flags = IoUring.IORING_ENTER_SQ_WAKEUP;
        return flags != 0;
    }

    private int Submit(uint toSubmit)
    {
        EnterCount++;
        return _calls.Enter(_descriptor, toSubmit, 0, _enterFlags & ~IoUring.IORING_ENTER_GETEVENTS, null, 0);
    }

    private int EnterOnce(uint toSubmit, uint minComplete, long timeout, long minWait, uint flags)
    {
        EnterCount++;
        flags |= _enterFlags;
        if (minWait > 0 && !_hasMinTimeout)
            minComplete = Math.Min(minComplete, 1);
        if (_hasTaskRunFlag && _hasMinTimeout && (minComplete == 1 || minWait > 0))
            return EnterForBatch(toSubmit, minComplete, timeout, minWait, flags);
        return EnterFor(toSubmit, minComplete, timeout, minWait, flags);
    }

    /// <summary>Waits for the expected batch of completions, if that is larger than what the caller waits for.</summary>
    private int EnterForBatch(uint toSubmit, uint minComplete, long timeout, long minWait, uint flags)
    {
        if (_batchSize.Asked > minComplete)
        {
            minComplete = _batchSize.Asked;
            minWait = Math.Max(minWait, BatchMinWait);
        }

        int result = EnterFor(toSubmit, minComplete, timeout, minWait, flags);
        bool hasMore = (Volatile.Read(ref *_submissionFlags) & IoUring.IORING_SQ_TASKRUN) != 0;
        _batchSize.Note(Volatile.Read(ref *_completionTail) - *_completionHead, hasMore, (uint)_capacity);
        return result;
    }

    private readonly int EnterFor(uint toSubmit, uint minComplete, long timeout, long minWait, uint flags)
    {
        if (minComplete <= 1)
            minWait = 0;

        // A polling wait has no timeout (io_iopoll_check, io_uring/io_uring.c): it polls once, and the owner's loop repeats.
        if (_isIoPolled && timeout >= 0)
            minComplete = 0;
        if (minComplete == 0 || (timeout < 0 && minWait == 0))
            return _calls.Enter(_descriptor, toSubmit, minComplete, flags, null, 0);

        if (timeout < 0)
            timeout = LongWait;
        KernelTimespec limit = new() { tv_sec = timeout / 1_000_000_000, tv_nsec = timeout % 1_000_000_000 };
        IoUringGeteventsArg argument = new() { ts = (ulong)&limit, min_wait_usec = (uint)(minWait / 1000) };
        return _calls.Enter(
            _descriptor,
            toSubmit,
            minComplete,
            flags | IoUring.IORING_ENTER_EXT_ARG,
            &argument,
            (nuint)sizeof(IoUringGeteventsArg));
    }
}
