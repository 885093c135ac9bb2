using DmIoUring.Interop;
using DmIoUring.Rings;

namespace DmIoUring.TestSupport;

/// <summary>A ring whose other side is a test.</summary>
internal readonly unsafe struct ScriptedRing(RingScript script) : IRing
{
    public int Capacity => script.Capacity;

    public int AtOnce => script.Capacity;

    public long Now => script.Clock;

    public long EnterCount => script.EnterCount;

    public bool HasQueued => script.HasQueued;

    public bool HasCompletions => script.Completions.Count > 0;

    public bool HasFixedVectors => true;

    public int RegisterBufferTable(int slots) => script.RegisterAnswer;

    public int RegisterBuffer(int slot, byte* start, long length)
    {
        script.Registered[slot] = ((nint)start, length);
        return script.RegisterAnswer;
    }

    public int CloneBuffers(int source) => script.CloneBuffers(source);

    public int RegisterFileTable(int slots) => script.RegisterFileTable();

    public int RegisterFile(int slot, int descriptor) => script.RegisterFile(slot, descriptor);

    public void Enable(bool register)
    {
    }

    public bool IsPolling => false;

    public RingCalls? CommandCalls => null;

    public bool Polls(EntryRoute route) => false;

    public int Room => script.Room;

    public IoUringSqe* TryNext(EntryRoute route) => script.TryNext();

    public int Enter(uint minComplete, long timeout, long minWait)
    {
        script.Enter(minWait > 0 ? Math.Min(minComplete, 1) : minComplete, timeout);
        return 0;
    }

    public void Abandon(ICollection<RingTeardown> teardowns)
    {
    }

    public bool HasCommands => script.HasCommands;

    public int Take(Span<IoUringCqe> into)
    {
        int count = 0;
        while (count < into.Length && script.Completions.TryDequeue(out IoUringCqe completion))
            into[count++] = completion;
        return count;
    }

    public int Execute(in IoUringSqe entry) => script.Execute(entry);

    public long Sleeps => script.Sleeps;

    /// <summary>The script is the test's.</summary>
    public void Dispose()
    {
    }
}
