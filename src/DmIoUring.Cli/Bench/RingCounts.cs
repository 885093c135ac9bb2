namespace DmIoUring.Cli.Bench;

/// <summary>What rings, and the engines that use them, have done, added up.</summary>
/// <param name="Entries">Entries given to them.</param>
/// <param name="Enters">Calls of io_uring_enter.</param>
/// <param name="WorkerEntries">Entries that the kernel gave to a worker.</param>
/// <param name="InlineTransfers">Transfers that an engine made by a system call.</param>
/// <param name="DeviceWaits">Times that a request waited because its device had as many chunks as it takes.</param>
internal readonly record struct RingCounts(long Entries, long Enters, long WorkerEntries = 0, long InlineTransfers = 0, long DeviceWaits = 0)
{
    public static RingCounts operator +(RingCounts left, RingCounts right) => new(
        left.Entries + right.Entries, left.Enters + right.Enters,
        left.WorkerEntries + right.WorkerEntries, left.InlineTransfers + right.InlineTransfers, left.DeviceWaits + right.DeviceWaits);

    public static RingCounts operator -(RingCounts left, RingCounts right) => new(
        left.Entries - right.Entries, left.Enters - right.Enters,
        left.WorkerEntries - right.WorkerEntries, left.InlineTransfers - right.InlineTransfers, left.DeviceWaits - right.DeviceWaits);

    public static RingCounts Of(IoStatistics statistics) => new(
        statistics.Entries, statistics.Enters, statistics.WorkerEntries, statistics.InlineTransfers, statistics.DeviceWaits);
}
