namespace DmIoUring.Telemetry;

/// <summary>What is counted for a device. The first five are in the order of the operations, and so are the five after them.</summary>
internal enum DeviceCounter
{
    Reads,
    Writes,
    Flushes,
    Discards,
    ZeroWrites,
    ReadBytes,
    WrittenBytes,
    FlushedBytes,
    DiscardedBytes,
    ZeroedBytes,
    Failed,
    Unsupported,
    ShortTransfers,
    Retries,
}
