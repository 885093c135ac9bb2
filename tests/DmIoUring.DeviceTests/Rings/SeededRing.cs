using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.DeviceTests.Rings;

/// <summary>The ring of a client that runs on real devices under a <see cref="SeededKernel"/>.</summary>
internal readonly unsafe struct SeededRing(SeededKernel kernel) : IRing
{
    public int Capacity => kernel.Capacity;

    public int AtOnce => kernel.Capacity;

    public long Now => kernel.Clock;

    public long EnterCount => kernel.EnterCount;

    public bool HasQueued => kernel.HasQueued;

    public bool HasCompletions => kernel.HasCompletions;

    public bool HasFixedVectors => false;

    public int RegisterBufferTable(int slots) => -Errno.EOPNOTSUPP;

    public int RegisterBuffer(int slot, byte* start, long length) => -Errno.EOPNOTSUPP;

    public int CloneBuffers(int source) => -Errno.EOPNOTSUPP;

    public int RegisterFileTable(int slots) => -Errno.EOPNOTSUPP;

    public int RegisterFile(int slot, int descriptor) => -Errno.EOPNOTSUPP;

    public void Enable(bool register)
    {
    }

    public bool IsPolling => false;

    public RingCalls? CommandCalls => null;

    public bool Polls(EntryRoute route) => false;

    public int Room => kernel.Room;

    public IoUringSqe* TryNext(EntryRoute route) => kernel.TryNext();

    public int Enter(uint minComplete, long timeout, long minWait)
    {
        kernel.Enter(minWait > 0 ? Math.Min(minComplete, 1) : minComplete, timeout);
        return 0;
    }

    public void Abandon(ICollection<RingTeardown> teardowns)
    {
    }

    public bool HasCommands => true;

    public int Take(Span<IoUringCqe> into) => kernel.Take(into);

    public int Execute(in IoUringSqe entry) => EntryExecution.Run(entry);

    public long Sleeps => 0;

    public void Dispose() => kernel.Dispose();
}
