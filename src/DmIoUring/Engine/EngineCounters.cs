namespace DmIoUring.Engine;

/// <summary>What an engine has done. Written by the owning thread only; other threads may read slightly old numbers.</summary>
internal sealed class EngineCounters
{
    public long Requests;

    /// <summary>Requests that it was given.</summary>
    public long Accepted;
    public long Entries;
    public long Enters;
    public long ShortTransfers;
    public long Retries;

    /// <summary>Times that a request had to wait because its device's queue was full.</summary>
    public long DeviceWaits;

    /// <summary>Transfers that the owner made by system calls.</summary>
    public long InlineTransfers;

    /// <summary>Entries for which the kernel uses a worker thread, as is known beforehand.</summary>
    public long WorkerEntries;

    /// <summary>Flushes issued, and those that another one did the work of.</summary>
    public long Flushes;
    public long JoinedFlushes;

    /// <summary>Completions of chunks that had ended already. Expected to stay 0.</summary>
    public long Stale;

    /// <summary>Requests that have not ended. Any thread; never less than 0.</summary>
    public long Active
    {
        get
        {
            // In this order: of those that end in between each was given before.
            long ended = Volatile.Read(ref Requests);
            return Volatile.Read(ref Accepted) - ended;
        }
    }

    public void Add(EngineCounters other)
    {
        Requests += Volatile.Read(ref other.Requests);
        Accepted += Volatile.Read(ref other.Accepted);
        Entries += other.Entries;
        Enters += other.Enters;
        ShortTransfers += other.ShortTransfers;
        Retries += other.Retries;
        DeviceWaits += other.DeviceWaits;
        InlineTransfers += other.InlineTransfers;
        WorkerEntries += other.WorkerEntries;
        Flushes += other.Flushes;
        JoinedFlushes += other.JoinedFlushes;
        Stale += other.Stale;
    }
}
