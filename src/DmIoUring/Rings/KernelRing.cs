using System.Diagnostics;
using System.Runtime.CompilerServices;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>io_uring. The hot half: entries, enter, completions; <see cref="KernelRingHandle"/> sets it up and tears it down.</summary>
/// <remarks>
/// <para>Ordering (tools/include/io_uring/mini_liburing.h and io_uring.7): the kernel reads the submission tail with acquire
/// and writes the completion tail with release, and so do we from the other side. Only this thread writes the
/// submission tail and the completion head, so its own reads of them are local.</para>
/// <para>Indices are 32 bits wide, wrap, and are only ever subtracted.</para>
/// </remarks>
internal unsafe struct KernelRing : IRing
{
    /// <summary>How long to let the kernel breathe when it is out of memory or backlogged and nothing else is to be done.</summary>
    private const long BackOff = 1_000_000;

    /// <summary>
    /// So many entries are handed over by a call of their own before the one that waits: 128 deep that read more than one call for both,
    /// for the same processor time (bench/notes/b.md).
    /// </summary>
    private const uint WorthACall = 8;

    private readonly KernelRingHandle _handle;
    private readonly IoUringSqe* _entries;
    private readonly IoUringCqe* _completions;
    private readonly uint* _submissionHead;
    private readonly uint* _submissionTail;
    private readonly uint* _submissionFlags;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _submissionMask;
    private readonly uint _submissionEntries;
    private readonly uint _completionMask;
    private readonly int _capacity;

    /// <summary>Whether a thread of the kernel's takes the entries (SQPOLL).</summary>
    private readonly bool _isPolled;

    /// <summary>Whether the kernel says that it has something for the next enter (TASKRUN_FLAG).</summary>
    private readonly bool _tellsOfWork;
    private readonly bool _hasMinTimeout;
    private readonly bool _pollsCompletions;
    private int _descriptor;
    private uint _enterFlags;
    private uint _tail;

    public KernelRing(KernelRingHandle handle, int capacity)
        : this(handle.Layout, capacity, handle.SetupFlags)
    {
        _handle = handle;
        _descriptor = handle.Descriptor;
        _hasMinTimeout = handle.HasMinTimeout;
    }

    /// <summary>The queues alone, wherever they are.</summary>
    internal KernelRing(in RingLayout layout, int capacity, uint setupFlags = 0)
    {
        _isPolled = (setupFlags & IoUring.IORING_SETUP_SQPOLL) != 0;
        _pollsCompletions = (setupFlags & IoUring.IORING_SETUP_IOPOLL) != 0;
        _tellsOfWork = (setupFlags & IoUring.IORING_SETUP_TASKRUN_FLAG) != 0 && !_pollsCompletions;
        _handle = null!;
        _capacity = capacity;
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
        _descriptor = -1;
        _enterFlags = IoUring.IORING_ENTER_GETEVENTS;
    }

    public readonly int Capacity => _capacity;

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

    public readonly bool CarriesCommands => false;

    public readonly bool Polls(EntryRoute route) => false;

    public readonly bool HasFixedVectors => _handle.HasFixedVectors;

    public readonly int RegisterBufferTable(int slots)
    {
        IoUringRsrcRegister table = new() { nr = (uint)slots, flags = IoUring.IORING_RSRC_REGISTER_SPARSE };
        return Libc.IoUringRegister(_handle.Descriptor, IoUring.IORING_REGISTER_BUFFERS2, &table, (uint)sizeof(IoUringRsrcRegister));
    }

    public readonly int RegisterBuffer(int slot, byte* start, long length)
    {
        Iovec memory = new() { iov_base = start, iov_len = (nuint)length };
        IoUringRsrcUpdate2 update = new() { offset = (uint)slot, data = (ulong)&memory, nr = 1 };
        return Libc.IoUringRegister(_handle.Descriptor, IoUring.IORING_REGISTER_BUFFERS_UPDATE, &update, (uint)sizeof(IoUringRsrcUpdate2));
    }

    public readonly int RegisterFileTable(int slots)
    {
        IoUringRsrcRegister table = new() { nr = (uint)slots, flags = IoUring.IORING_RSRC_REGISTER_SPARSE };
        return Libc.IoUringRegister(_handle.Descriptor, IoUring.IORING_REGISTER_FILES2, &table, (uint)sizeof(IoUringRsrcRegister));
    }

    public readonly int RegisterFile(int slot, int descriptor)
    {
        IoUringRsrcUpdate2 update = new() { offset = (uint)slot, data = (ulong)&descriptor, nr = 1 };
        return Libc.IoUringRegister(_handle.Descriptor, IoUring.IORING_REGISTER_FILES_UPDATE2, &update, (uint)sizeof(IoUringRsrcUpdate2));
    }

    public void Enter(uint minComplete, long timeout, long patience)
    {
        Volatile.Write(ref *_submissionTail, _tail);
        uint toSubmit = _tail - Volatile.Read(ref *_submissionHead);
        bool asks = MustAsk(toSubmit, out uint flags);
        if (minComplete == 0 && !asks)
            return;
        int result = 0;
        if (toSubmit >= WorthACall && minComplete > 0 && !_isPolled)
        {
            result = Submit(toSubmit);
            toSubmit -= (uint)Math.Max(result, 0);
        }

        if (result >= 0)
            result = EnterOnce(toSubmit, minComplete, timeout, patience, flags);
        if (result >= 0)
            return;
        switch (-result)
        {
            // Nothing is wrong: time is up, a signal came.
            case Errno.ETIME or Errno.EINTR:
                return;

            // The kernel is out of memory for requests, or has completions that it could not post yet. What was
            // published stays published and is handed over by the next enter; meanwhile let completions come.
            case Errno.EAGAIN or Errno.EBUSY:
                _ = EnterOnce(0, 1, BackOff, 0, 0);
                return;

            default:
                throw new InvalidOperationException(
                    $"io_uring_enter failed with {Errno.Name(-result)}: the ring's descriptor was closed by somebody else, or " +
                    "another thread entered a ring that it does not own. Requests in flight can't be accounted for.");
        }
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

    public void Dispose()
    {
        if ((_enterFlags & IoUring.IORING_ENTER_REGISTERED_RING) != 0)
            _handle.UnregisterFromThread(_descriptor);
        _enterFlags = 0;
        _handle.Dispose();
    }

    /// <summary>Whether the kernel must be entered although nobody waits.</summary>
    private readonly bool MustAsk(uint toSubmit, out uint flags)
    {
        flags = 0;
        if (!_isPolled)
            return toSubmit != 0 || !_tellsOfWork || (Volatile.Read(ref *_submissionFlags) & (IoUring.IORING_SQ_TASKRUN | IoUring.IORING_SQ_CQ_OVERFLOW)) != 0;

        // The kernel's thread looks at the tail once more after it has said that it sleeps. So the tail must be there for it to see
        // before we look at what it says (io_uring_sqe_prep, io_sq_thread): else both could miss the other.
        Interlocked.MemoryBarrier();
        if (toSubmit != 0 && (Volatile.Read(ref *_submissionFlags) & IoUring.IORING_SQ_NEED_WAKEUP) != 0)
            flags = IoUring.IORING_ENTER_SQ_WAKEUP;
        return flags != 0;
    }

    private int Submit(uint toSubmit)
    {
        EnterCount++;
        return Libc.IoUringEnter(_descriptor, toSubmit, 0, _enterFlags & ~IoUring.IORING_ENTER_GETEVENTS, null, 0);
    }

    private int EnterOnce(uint toSubmit, uint minComplete, long timeout, long patience, uint flags)
    {
        EnterCount++;
        flags |= _enterFlags;
        if (patience > 0 && !_hasMinTimeout)
            minComplete = Math.Min(minComplete, 1);
        if (minComplete <= 1)
            patience = 0;

        // A polling wait knows no time (io_iopoll_check, io_uring/io_uring.c): it looks once, and the owner's loop counts.
        if (_pollsCompletions && timeout >= 0)
            minComplete = 0;
        if (minComplete == 0 || (timeout < 0 && patience == 0))
            return Libc.IoUringEnter(_descriptor, toSubmit, minComplete, flags, null, 0);

        KernelTimespec limit = new() { tv_sec = timeout / 1_000_000_000, tv_nsec = timeout % 1_000_000_000 };
        IoUringGeteventsArg argument = new() { ts = timeout < 0 ? 0 : (ulong)&limit, min_wait_usec = (uint)(patience / 1000) };
        return Libc.IoUringEnter(
            _descriptor,
            toSubmit,
            minComplete,
            flags | IoUring.IORING_ENTER_EXT_ARG,
            &argument,
            (nuint)sizeof(IoUringGeteventsArg));
    }
}
