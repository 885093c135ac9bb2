using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.Simulation.Kernel;

/// <summary>A ring whose other side is a <see cref="SimulatedKernel"/>.</summary>
internal readonly unsafe struct SimulatedRing(SimulatedKernel kernel) : IRing
{
    public int Capacity => kernel.Capacity;

    public int AtOnce => kernel.Capacity;

    public long Now => kernel.Now;

    public long EnterCount => kernel.EnterCount;

    public bool HasQueued => kernel.HasQueued;

    public bool HasCompletions => kernel.HasCompletions;

    public bool HasFixedVectors => kernel.HasFixedVectors;

    public void Enable(bool register)
    {
    }

    public int RegisterBufferTable(int slots) => kernel.RegisterBufferTable(slots);

    public int RegisterBuffer(int slot, byte* start, long length) => kernel.RegisterBuffer(slot, start, length);

    public int CloneBuffers(int source) => kernel.CloneBuffers(source);

    public int RegisterFileTable(int slots) => kernel.RegisterFileTable(slots);

    public int RegisterFile(int slot, int descriptor) => kernel.RegisterFile(slot, descriptor);

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

    public int Execute(in IoUringSqe entry) => kernel.Execute(entry);

    public long Sleeps => 0;

    /// <summary>The kernel outlives it.</summary>
    public void Dispose()
    {
    }
}
