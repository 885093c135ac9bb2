using System.Buffers;
using DmIoUring.Drivers;
using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Synchronous requests, on the caller's own thread.</content>
public sealed partial class DmIoClient
{
    /// <summary>Reads one region and returns when it is done.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Yours again on return. Zeroed where the read failed.</param>
    /// <returns>How it ended; region 0 is the only one.</returns>
    /// <remarks>
    /// dm-io's <c>dm_io_sync</c>: never gives the buffer back early, so it can't be interrupted. One chunk is read by one
    /// pread; more go through a ring of the calling thread's own, or a lane when there is none left
    /// (<see cref="DmIoOptions.SyncRings"/>).
    /// </remarks>
    /// <exception cref="ArgumentException">The region or the buffer can't be meant so; the message says what and why.</exception>
    /// <exception cref="ObjectDisposedException">The client or the device was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult Read(IoRegion region, IoBuffer buffer) => RunSync(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer);

    /// <summary>Writes one region and returns when it is done.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Yours again on return.</param>
    /// <returns>How it ended; region 0 is the only one.</returns>
    /// <inheritdoc cref="Read" path="/exception"/>
    public IoResult Write(IoRegion region, IoBuffer buffer) => RunSync(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer);

    /// <summary>Writes one buffer to 1 to 64 regions at once and returns when all are done.</summary>
    /// <param name="regions">Where to. Each starts at the buffer's beginning and takes its own count of sectors.</param>
    /// <param name="buffer">What; at least the largest region's size. Yours again on return.</param>
    /// <returns>How it ended, one bit a region.</returns>
    /// <inheritdoc cref="Read" path="/exception"/>
    public IoResult Write(ReadOnlySpan<IoRegion> regions, IoBuffer buffer) => RunSync(IoOperation.Write, regions, buffer);

    private unsafe IoResult RunSync(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequestGuard.Check(operation, regions, buffer);
        using MemoryHandle pin = RequestGuard.Pin(regions, buffer, out byte* memory);
        if (regions.Length == 1 && regions[0].Count <= _options.ChunkBytes / IoRegion.SectorSize)
        {
            Interlocked.Increment(ref _directTransfers);
            return DirectTransfer.Run(operation, regions[0], memory);
        }

        SyncRing? ring = _syncRings.TryEnter();
        if (ring is null)
            return RunOnLane(operation, regions, memory);
        try
        {
            return ring.Run(operation, regions, memory);
        }
        finally
        {
            ring.Exit();
        }
    }

    private unsafe IoResult RunOnLane(IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory)
    {
        if (IsOnLane)
        {
            throw new InvalidOperationException(
                "A synchronous request of several chunks was made in a callback, and every synchronous ring is taken: it would " +
                "wait for the lane that it blocks. Submit it with a callback, or raise DmIoOptions.SyncRings.");
        }

        Request request = Rent(operation, regions, memory);
        request.EndSync(sleeps: true);
        Submit(request);
        request.WaitUntilDone();
        IoResult result = request.Result;
        _pool.Return(request);
        return result;
    }
}
