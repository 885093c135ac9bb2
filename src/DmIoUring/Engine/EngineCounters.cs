namespace DmIoUring.Engine;

/// <summary>What an engine did. Written by its owner alone; others read numbers that may be a moment old.</summary>
internal sealed class EngineCounters
{
    public long Requests;
    public long Entries;
    public long Enters;
    public long ShortTransfers;
    public long Retries;

    /// <summary>Completions of chunks that had ended already. Not one is expected.</summary>
    public long Stale;

    public void Add(EngineCounters other)
    {
        Requests += other.Requests;
        Entries += other.Entries;
        Enters += other.Enters;
        ShortTransfers += other.ShortTransfers;
        Retries += other.Retries;
        Stale += other.Stale;
    }
}
