using DmIoUring.Telemetry;

namespace DmIoUring;

/// <content>What was done with the device.</content>
public sealed partial class BlockDevice
{
    /// <summary>
    /// What was done with this device since it was opened: operations and bytes by kind, failures, retries. By this object: another that is open on the same path has
    /// its own. Any thread, before and after <see cref="Dispose"/>; takes no lock.
    /// </summary>
    public DeviceStatistics Statistics
    {
        get
        {
            Span<long> sum = stackalloc long[DeviceCounters.Count];
            sum.Clear();
            Counters.AddTo(sum);
            return new DeviceStatistics
            {
                Reads = sum[(int)DeviceCounter.Reads],
                ReadBytes = sum[(int)DeviceCounter.ReadBytes],
                Writes = sum[(int)DeviceCounter.Writes],
                WrittenBytes = sum[(int)DeviceCounter.WrittenBytes],
                Flushes = sum[(int)DeviceCounter.Flushes],
                Discards = sum[(int)DeviceCounter.Discards],
                DiscardedBytes = sum[(int)DeviceCounter.DiscardedBytes],
                ZeroWrites = sum[(int)DeviceCounter.ZeroWrites],
                ZeroedBytes = sum[(int)DeviceCounter.ZeroedBytes],
                Failed = sum[(int)DeviceCounter.Failed],
                Unsupported = sum[(int)DeviceCounter.Unsupported],
                ShortTransfers = sum[(int)DeviceCounter.ShortTransfers],
                Retries = sum[(int)DeviceCounter.Retries],
            };
        }
    }

    internal DeviceCounterSet Counters { get; }
}
