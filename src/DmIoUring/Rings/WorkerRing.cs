using System.Diagnostics;
using DmIoUring.Interop;

namespace DmIoUring.Rings;

/// <summary>
/// The ring of a host that has no io_uring: a few threads (<see cref="WorkerPool"/>) execute entries by blocking system calls. The results are the
/// same; each entry takes two thread switches more. Another <see cref="EntryExecutor"/> makes it the ring of devices that the kernel does not have.
/// </summary>
internal readonly unsafe struct WorkerRing(WorkerQueues queues) : IRing
{
    public int Capacity => queues.Capacity;

    public int AtOnce => queues.AtOnce;

    public long Now => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    public long EnterCount => queues.EnterCount;

    public bool HasQueued => queues.HasFilled;

    public bool HasCompletions => queues.HasCompletions;

    public bool HasFixedVectors => false;

    public bool HasCommands => true;

    /// <summary>Does nothing: any thread may be the owner.</summary>
    public void Enable(bool register)
    {
    }

    /// <summary>Memory and files can't be registered.</summary>
    public int RegisterBufferTable(int slots) => -Errno.EOPNOTSUPP;

    public int RegisterBuffer(int slot, byte* start, long length) => -Errno.EOPNOTSUPP;

    public int CloneBuffers(int source) => -Errno.EOPNOTSUPP;

    public int RegisterFileTable(int slots) => -Errno.EOPNOTSUPP;

    public int RegisterFile(int slot, int descriptor) => -Errno.EOPNOTSUPP;

    public bool IsPolling => false;

    public RingCalls? CommandCalls => null;

    public bool Polls(EntryRoute route) => false;

    public int Room => queues.Room;

    public IoUringSqe* TryNext(EntryRoute route) => queues.TryNext();

    public int Enter(uint minComplete, long timeout, long minWait)
    {
        queues.Enter(minWait > 0 ? Math.Min(minComplete, 1) : minComplete, timeout);
        return 0;
    }

    /// <summary>Does nothing: such a ring is never lost.</summary>
    public void Abandon(ICollection<RingTeardown> teardowns)
    {
    }

    public int Take(Span<IoUringCqe> into) => queues.Take(into);

    public int Execute(in IoUringSqe entry) => queues.Execute(entry);

    public long Sleeps => Libc.VoluntarySwitches();

    public void Dispose() => queues.Dispose();
}
