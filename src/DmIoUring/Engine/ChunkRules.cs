using System.Diagnostics;
using DmIoUring.Telemetry;

namespace DmIoUring.Engine;

/// <summary>The properties of each kind of chunk, as exhaustive switches: a new kind does not compile until each has an answer for it.</summary>
internal static class ChunkRules
{
    /// <summary>
    /// The largest transfer that is polled for; larger and scattered ones complete by interrupts. When a device
    /// needs a polled transfer split, the kernel does not poll for it either (bio_split_rw, block/blk-merge.c), and Linux 6.1 retries it for ever: it
    /// submits it as REQ_NOWAIT, refuses to split that, and its worker does not give up. Devices with polled queues take 64 KiB without a split.
    /// </summary>
    public const uint MaxPolledBytes = 64 << 10;

    /// <summary>Whether a chunk moves bytes from or to its request's own buffer.</summary>
    public static bool HasBuffer(this ChunkKind kind) => kind switch
    {
        ChunkKind.Read or ChunkKind.Write => true,
        ChunkKind.Flush or ChunkKind.Discard or ChunkKind.DiscardByIoctl or ChunkKind.Zeroes or ChunkKind.ZeroPages or ChunkKind.Abandoned => false,
    };

    /// <summary>Whether a chunk's result counts bytes, of which there may be fewer than asked for; otherwise it is 0 or an error.</summary>
    public static bool Transfers(this ChunkKind kind) => kind switch
    {
        ChunkKind.Read or ChunkKind.Write or ChunkKind.ZeroPages => true,
        ChunkKind.Flush or ChunkKind.Discard or ChunkKind.DiscardByIoctl or ChunkKind.Zeroes or ChunkKind.Abandoned => false,
    };

    /// <summary>The device's counter of the bytes that a chunk transfers.</summary>
    public static DeviceCounter BytesOf(ChunkKind kind) => kind switch
    {
        ChunkKind.Read => DeviceCounter.ReadBytes,
        ChunkKind.Write => DeviceCounter.WrittenBytes,
        ChunkKind.Discard or ChunkKind.DiscardByIoctl => DeviceCounter.DiscardedBytes,
        ChunkKind.Zeroes or ChunkKind.ZeroPages => DeviceCounter.ZeroedBytes,
        ChunkKind.Flush or ChunkKind.Abandoned => throw new UnreachableException($"A chunk that is {kind} transfers no bytes that count."),
    };
}
