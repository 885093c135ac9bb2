namespace DmIoUring.Cli.Bench;

/// <summary>What rings have done, added up.</summary>
/// <param name="Entries">Entries given to them.</param>
/// <param name="Enters">Calls of io_uring_enter.</param>
internal readonly record struct RingCounts(long Entries, long Enters)
{
    public static RingCounts operator +(RingCounts left, RingCounts right) => new(left.Entries + right.Entries, left.Enters + right.Enters);

    public static RingCounts operator -(RingCounts left, RingCounts right) => new(left.Entries - right.Entries, left.Enters - right.Enters);

    public static RingCounts Of(IoStatistics statistics) => new(statistics.Entries, statistics.Enters);
}
