namespace DmIoUring;

/// <summary>
/// What was done with a device since it was opened, by every client and reactor of this process together. A snapshot; the counters are not read at one instant.
/// </summary>
/// <remarks>
/// <para>An operation is a region of a request, and is counted when it has ended, well or not. A region of no sectors is none, but its flush is one.
/// Misuse, for which a call throws, is not counted.</para>
/// <para>Bytes are counted as they are transferred: those of a region that is still in flight are there already, and those of one that fails later stay.
/// After a short transfer what is transferred again counts once.</para>
/// </remarks>
public sealed record DeviceStatistics
{
    /// <summary>Reads.</summary>
    public required long Reads { get; init; }

    /// <summary>Bytes read.</summary>
    public required long ReadBytes { get; init; }

    /// <summary>Writes.</summary>
    public required long Writes { get; init; }

    /// <summary>Bytes written.</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>
    /// Flushes that were asked for: regions of flush requests, and of writes with <see cref="IoFlags.Preflush"/>. Those that shared another's count
    /// (<see cref="IoStatistics.JoinedFlushes"/>); the flush that belongs to a write with <see cref="IoFlags.Fua"/> does not.
    /// </summary>
    public required long Flushes { get; init; }

    /// <summary>Discards.</summary>
    public required long Discards { get; init; }

    /// <summary>Bytes discarded.</summary>
    public required long DiscardedBytes { get; init; }

    /// <summary>Regions zeroed by <c>WriteZeroes</c>, by the device or by writing.</summary>
    public required long ZeroWrites { get; init; }

    /// <summary>Bytes zeroed by these.</summary>
    public required long ZeroedBytes { get; init; }

    /// <summary>Regions that ended with a bit in <see cref="IoResult.Failed"/>, whatever the cause: cancelled and timed out ones are among them.</summary>
    public required long Failed { get; init; }

    /// <summary>Regions that ended with a bit in <see cref="IoResult.Unsupported"/>.</summary>
    public required long Unsupported { get; init; }

    /// <summary>Transfers that were continued after a short one.</summary>
    public required long ShortTransfers { get; init; }

    /// <summary>Transfers and other calls that were made again after EAGAIN, EINTR, or a drive's status that asks for that.</summary>
    public required long Retries { get; init; }
}
