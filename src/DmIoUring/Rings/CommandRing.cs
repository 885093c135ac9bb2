using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// An io_uring of 128-byte entries and 32-byte completions, which NVMe pass-through asks for (nvme_uring_cmd_checks,
/// drivers/nvme/host/ioctl.c). It is never waited in: who owns it watches its descriptor with another ring.
/// </summary>
internal sealed unsafe class CommandRing : IDisposable
{
    /// <summary>Entries and completions are two places of the ordinary size each.</summary>
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

    /// <summary>Commands added whose completion has not been taken.</summary>
    public int UnderWay { get; private set; }

    public int Descriptor => _handle.Descriptor;

    /// <summary>Whether commands were added that the kernel has not taken over yet.</summary>
    public bool HasQueued => _tail != Volatile.Read(ref *_layout.SubmissionHead);

    public bool HasCompletions => Volatile.Read(ref *_layout.CompletionTail) != *_layout.CompletionHead;

    /// <summary>Whether the kernel gives rings of such entries: 0, or the negated errno. EINVAL before 5.19.</summary>
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
    /// <param name="capacity">Commands under way at most.</param>
    /// <param name="calls">Who answers.</param>
    /// <exception cref="IoUringUnavailableException">The kernel has no such entries, or no more rings.</exception>
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
    /// <returns>Whether there was a place for it.</returns>
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

    /// <summary>Hands over what was added, and lets the kernel post what has ended. Does not wait.</summary>
    /// <returns>0; or the negated errno of a ring that is lost, as <see cref="IRing.Enter"/>.</returns>
    public int Enter()
    {
        if (_lost != 0)
            return -_lost;
        Volatile.Write(ref *_layout.SubmissionTail, _tail);
        uint toSubmit = _tail - Volatile.Read(ref *_layout.SubmissionHead);
        int result = _handle.Calls.Enter(Descriptor, toSubmit, 0, IoUring.IORING_ENTER_GETEVENTS, null, 0);

        // What was not taken stays published, and is handed over by the next enter.
        if (result >= 0 || result is -Errno.EAGAIN or -Errno.EBUSY or -Errno.EINTR)
            return 0;
        _lost = -result;
        return result;
    }

    /// <summary>Closes a lost ring, or one whose engine has lost another. Nothing else works any more.</summary>
    /// <param name="teardowns">Gets what tells when nobody uses the memory of its commands any more.</param>
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
