namespace DmIoUring.Cli.Bench;

/// <summary>One block after the other, from the beginning again after the last; shared by all slots of a job.</summary>
internal sealed class BlockSequence(long blocks, long first)
{
    private long _next = first - 1;

    /// <summary>Callbacks of several lanes draw from it at once.</summary>
    public long Next() => (long)((ulong)Interlocked.Increment(ref _next) % (ulong)blocks);
}
