using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// An io_uring of 128-byte entries and 32-byte completions, which NVMe pass-through asks for (nvme_uring_cmd_checks,
/// drivers/nvme/host/ioctl.c). It is never waited in: who owns it watches its descriptor with another ring.
/// </summary>
internal sealed unsafe class CommandRing : IDisposable
{
    /// <summary>Entries and completions are two places of the ordinary size each.</summary>
    private const int Places = 2;

    /// <summary>Where an entry's command begins (io_uring_sqe.cmd).</summary>
    private const int CommandOffset = 48;

    private readonly KernelRingHandle _handle;
    private readonly RingLayout _layout;
    private readonly int _capacity;
    private uint _tail;

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

    public bool HasCompletions => Volatile.Read(ref *_layout.CompletionTail) != *_layout.CompletionHead;

    /// <summary>Makes a ring for the calling thread.</summary>
    /// <exception cref="IoUringUnavailableException">The kernel has no such entries, or no more rings.</exception>
    public static CommandRing Create(int capacity)
    {
        KernelRingHandle handle = KernelRingHandle.Create(capacity, new RingPlan { CarriesCommands = true });
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
            Enter();
            if (_tail - Volatile.Read(ref *_layout.SubmissionHead) >= _layout.SubmissionEntries)
                return false;
        }

        IoUringSqe* entry = &_layout.Entries[(_tail & (_layout.SubmissionEntries - 1)) * Places];
        new Span<byte>(entry, sizeof(IoUringSqe) * Places).Clear();
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
    public void Enter()
    {
        Volatile.Write(ref *_layout.SubmissionTail, _tail);
        uint toSubmit = _tail - Volatile.Read(ref *_layout.SubmissionHead);
        int result = Libc.IoUringEnter(Descriptor, toSubmit, 0, IoUring.IORING_ENTER_GETEVENTS, null, 0);

        // What was not taken stays published, and is handed over by the next enter.
        if (result < 0 && -result is not (Errno.EAGAIN or Errno.EBUSY or Errno.EINTR))
            throw new InvalidOperationException($"io_uring_enter failed with {Errno.Name(-result)} on the ring of an NVMe namespace's commands.");
    }

    public bool TryTake(out IoUringCqe completion)
    {
        uint head = *_layout.CompletionHead;
        if (head == Volatile.Read(ref *_layout.CompletionTail))
        {
            completion = default;
            return false;
        }

        completion = _layout.Completions[(head & (_layout.CompletionEntries - 1)) * Places];
        Volatile.Write(ref *_layout.CompletionHead, head + 1);
        UnderWay--;
        return true;
    }

    public void Dispose() => _handle.Dispose();
}
