using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Synchronous requests, on the caller's own thread.</content>
public sealed partial class DmIoClient
{
    /// <summary>Reads one region and returns when it is done.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again on return. Zeroed where the read failed.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>How it ended; region 0 is the only one.</returns>
    /// <remarks>
    /// dm-io's <c>dm_io_sync</c>. It can't be interrupted, because the kernel may use the buffer until the request has ended. One chunk is read
    /// by one pread, or by a ring of the calling thread that waits awake, where that is faster (<see cref="IoDriverOptions.WaitPolicy"/>). A larger
    /// request uses such a ring, or a lane when no ring is left (<see cref="DmIoOptions.SyncRings"/>).
    /// </remarks>
    /// <exception cref="ArgumentException">The region, the buffer or the options are invalid; the message says which and why.</exception>
    /// <exception cref="ObjectDisposedException">The client, a device or the buffer was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult Read(IoRegion region, IoBuffer buffer, IoRequestOptions options = default) =>
        Run(new RequestSpec(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options));

    /// <summary>Writes one region and returns when it is done.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again on return.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>How it ended; region 0 is the only one.</returns>
    /// <inheritdoc cref="Read" path="/exception"/>
    public IoResult Write(IoRegion region, IoBuffer buffer, IoRequestOptions options = default) =>
        Run(new RequestSpec(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, options));

    /// <summary>Writes one buffer to 1 to 64 regions at once and returns when all are done.</summary>
    /// <param name="regions">Where to. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Free to use again on return.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>How it ended, one bit a region.</returns>
    /// <inheritdoc cref="Read" path="/exception"/>
    public IoResult Write(ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoRequestOptions options = default) =>
        Run(new RequestSpec(IoOperation.Write, regions, buffer, options));

    internal IoResult Run(in RequestSpec spec)
    {
        IoResult result = _submission.Run(spec);
        GC.KeepAlive(this);
        return result;
    }
}
