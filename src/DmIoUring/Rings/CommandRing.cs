using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// An io_uring of 128-byte entries and 32-byte completions, which NVMe pass-through asks for (nvme_uring_cmd_checks,
/// drivers/nvme/host/ioctl.c). The owner never waits in it, but watches its descriptor with another ring.
/// </summary>
internal sealed unsafe class CommandRing : IDisposable
{
    /// <summary>Each entry and each completion takes two slots of the ordinary size.</summary>
    private const int SlotsPerEntry = 2;

    /// <summary>Where an entry's command begins (io_uring_sqe.cmd).</summary>
    private const int CommandOffset = 48;
    private static readonly RingPlan Plan = new() { CarriesCommands = true };

    private readonly KernelRingHandle _handle;
    private readonly RingLayout _layout;
    private readonly int _capacity;
    private uint _tail;
    private int _lost;

    private CommandRing(KernelRingHandle handle, int capacity)
    {
        _handle = handle;
        _layout = handle.Layout;
        _capacity = capacity;
        _tail = *_layout.SubmissionTail;
    }

    /// <summary>Commands in flight: added, and their completion not taken.</summary>
    public int UnderWay { get; private set; }

    public int Descriptor => _handle.Descriptor;

    /// <summary>Whether commands were added that are not submitted yet.</summary>
    public bool HasQueued => _tail != Volatile.Read(ref *_layout.SubmissionHead);

    public bool HasCompletions => Volatile.Read(ref *_layout.CompletionTail) != *_layout.CompletionHead;

    /// <summary>Tries to create a ring of such entries: 0, or the negated errno. EINVAL before 5.19.</summary>
    public static int Probe(RingCalls? calls = null)
    {
        try
        {
            using KernelRingHandle handle = KernelRingHandle.Create(1, Plan, calls);
            return 0;
        }
        catch (IoUringUnavailableException refusal)
        {
            return -refusal.Errno;
        }
    }

    /// <summary>Makes a ring for the calling thread.</summary>
    /// <param name="capacity">The most commands in flight.</param>
    /// <param name="calls">The system calls.</param>
    /// <exception cref="IoUringUnavailableException">The kernel does not support such entries, or gives no more rings.</exception>
    public static CommandRing Create(int capacity, RingCalls calls)
    {
        KernelRingHandle handle = KernelRingHandle.Create(capacity, Plan, calls);
        try
        {
            handle.Enable();
            return new CommandRing(handle, capacity);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Adds a command, which is copied.</summary>
    /// <returns>Whether there was room for it.</returns>
    public bool TryAdd(int descriptor, NvmeUringCmd* command, ulong userData)
    {
        if (UnderWay == _capacity)
            return false;
        if (_tail - Volatile.Read(ref *_layout.SubmissionHead) >= _layout.SubmissionEntries)
        {
            if (Enter() < 0)
                return false;
            if (_tail - Volatile.Read(ref *_layout.SubmissionHead) >= _layout.SubmissionEntries)
                return false;
        }

        IoUringSqe* entry = &_layout.Entries[(_tail & (_layout.SubmissionEntries - 1)) * SlotsPerEntry];
        new Span<byte>(entry, sizeof(IoUringSqe) * SlotsPerEntry).Clear();
        entry->opcode = IoUring.IORING_OP_URING_CMD;
        entry->fd = descriptor;
        entry->cmd_op = NvmeAbi.NVME_URING_CMD_IO;
        entry->user_data = userData;
        *(NvmeUringCmd*)((byte*)entry + CommandOffset) = *command;
        _tail++;
        UnderWay++;
        return true;
    }

    /// <summary>Submits the added commands, and lets the kernel post completions. Does not wait.</summary>
    /// <returns>0; or the negated errno of a ring that is lost, as <see cref="IRing.Enter"/>.</returns>
    public int Enter()
    {
        if (_lost != 0)
            return -_lost;
        Volatile.Write(ref *_layout.SubmissionTail, _tail);
        uint toSubmit = _tail - Volatile.Read(ref *_layout.SubmissionHead);
        int result = _handle.Calls.Enter(Descriptor, toSubmit, 0, IoUring.IORING_ENTER_GETEVENTS, null, 0);

        // What was not taken stays published, and is submitted by the next enter.
        if (result >= 0 || result is -Errno.EAGAIN or -Errno.EBUSY or -Errno.EINTR)
            return 0;
        _lost = -result;
        return result;
    }

    /// <summary>Closes a lost ring, or the ring of an engine that has lost another. No other member may be used afterwards.</summary>
    /// <param name="teardowns">Receives an entry that tells when the kernel no longer uses the memory of its commands.</param>
    public void Abandon(ICollection<RingTeardown> teardowns)
    {
        if (_handle.Abandon() is { } teardown)
            teardowns.Add(teardown);
    }

    public bool TryTake(out IoUringCqe completion)
    {
        uint head = *_layout.CompletionHead;
        if (head == Volatile.Read(ref *_layout.CompletionTail))
        {
            completion = default;
            return false;
        }

        completion = _layout.Completions[(head & (_layout.CompletionEntries - 1)) * SlotsPerEntry];
        Volatile.Write(ref *_layout.CompletionHead, head + 1);
        UnderWay--;
        return true;
    }

    public void Dispose() => _handle.Dispose();
}
