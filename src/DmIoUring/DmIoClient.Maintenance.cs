using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Operations without data: flush, discard, write zeroes; each on 1 to 64 regions, with one bit a region.</content>
public sealed partial class DmIoClient
{
    private static readonly IoRequestOptions NoOptions = new(IoFlags.None);

    /// <summary>Makes durable what the devices of the regions have completed so far, and returns when that is done.</summary>
    /// <param name="regions">The devices; sectors and counts are ignored.</param>
    /// <returns>How it ended, one bit a region.</returns>
    /// <remarks>
    /// <para>One FSYNC a region: it flushes the device's volatile cache and, for a file, the metadata that the file system needs to find the
    /// data again. It covers the writes that ended before the call; a write still in flight may be missed (block/blk-flush.c).</para>
    /// <para>Group commit: on a lane or a reactor a device has one flush in flight, and all that are asked for meanwhile share the next one
    /// (<see cref="IoStatistics.JoinedFlushes"/>). A client gives the flushes of a device to one of its lanes. Synchronous ones do not join.</para>
    /// <para>After a flush that failed all later ones fail until <see cref="BlockDevice.AcknowledgeDoubt"/> is called; see <see cref="BlockDevice.Doubt"/>.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">There are 0 regions or more than 64, or one is invalid; the message says which and why.</exception>
    /// <exception cref="ObjectDisposedException">The client or a device was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult Flush(params ReadOnlySpan<IoRegion> regions) => Run(new RequestSpec(IoOperation.Flush, regions, NoOptions));

    /// <summary>Makes durable what the devices of the regions have completed so far, and calls back.</summary>
    /// <param name="regions">The devices; sectors and counts are ignored; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, regions, options, notify, context));

    /// <summary>Makes durable what the devices of the regions have completed so far.</summary>
    /// <param name="regions">The devices; sectors and counts are ignored; the span is not used after the call returns.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended, one bit a region. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> FlushAsync(
        ReadOnlySpan<IoRegion> regions, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.Flush, regions, options), cancellationToken);

    /// <summary>Tells the devices that the regions are not needed any more, and returns when that is done.</summary>
    /// <param name="regions">What to discard.</param>
    /// <returns>How it ended, one bit a region.</returns>
    /// <remarks>
    /// What a discarded region reads as is undefined. On a device without discards the region is
    /// <see cref="IoResult.Unsupported"/>; there is no fallback. A regular file gets a hole, which reads as zeroes.
    /// </remarks>
    /// <exception cref="ArgumentException">There are 0 regions or more than 64, or one is invalid; the message says which and why.</exception>
    /// <exception cref="ObjectDisposedException">The client or a device was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult Discard(params ReadOnlySpan<IoRegion> regions) => Run(new RequestSpec(IoOperation.Discard, regions, NoOptions));

    /// <summary>Tells the devices that the regions are not needed any more, and calls back.</summary>
    /// <param name="regions">What to discard; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, regions, options, notify, context));

    /// <summary>Tells the devices that the regions are not needed any more.</summary>
    /// <param name="regions">What to discard; the span is not used after the call returns.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended, one bit a region. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> DiscardAsync(
        ReadOnlySpan<IoRegion> regions, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.Discard, regions, options), cancellationToken);

    /// <summary>Makes the regions read back as zeroes, and returns when that is done.</summary>
    /// <param name="regions">What to zero.</param>
    /// <returns>How it ended, one bit a region.</returns>
    /// <remarks>
    /// The device or the file system does it (FALLOC_FL_ZERO_RANGE). Where it answers EOPNOTSUPP, zeroes are written instead.
    /// </remarks>
    /// <exception cref="ArgumentException">There are 0 regions or more than 64, or one is invalid; the message says which and why.</exception>
    /// <exception cref="ObjectDisposedException">The client or a device was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult WriteZeroes(params ReadOnlySpan<IoRegion> regions) => Run(new RequestSpec(IoOperation.WriteZeroes, regions, NoOptions));

    /// <summary>Makes the regions read back as zeroes, and calls back.</summary>
    /// <param name="regions">What to zero; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, regions, options, notify, context));

    /// <summary>Makes the regions read back as zeroes.</summary>
    /// <param name="regions">What to zero; the span is not used after the call returns.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended, one bit a region. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> WriteZeroesAsync(
        ReadOnlySpan<IoRegion> regions, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.WriteZeroes, regions, options), cancellationToken);
}
