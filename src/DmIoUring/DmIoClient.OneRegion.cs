using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Operations without data on one region.</content>
public sealed partial class DmIoClient
{
    /// <summary>Makes durable what a region's device has completed so far, and returns when that is done.</summary>
    /// <param name="region">The device; sector and count are ignored.</param>
    /// <returns>How it ended; region 0 is the only one.</returns>
    /// <inheritdoc cref="Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <exception cref="ArgumentException">The region is invalid; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The client or the device was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult Flush(IoRegion region) => Run(new RequestSpec(IoOperation.Flush, new ReadOnlySpan<IoRegion>(in region), NoOptions));

    /// <summary>Makes durable what a region's device has completed so far, and calls back.</summary>
    /// <param name="region">The device; sector and count are ignored.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(IoRegion region, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, new ReadOnlySpan<IoRegion>(in region), options, notify, context));

    /// <summary>Makes durable what a region's device has completed so far.</summary>
    /// <param name="region">The device; sector and count are ignored.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended; region 0 is the only one. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> FlushAsync(IoRegion region, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.Flush, new ReadOnlySpan<IoRegion>(in region), options), cancellationToken);

    /// <summary>Tells a region's device that the region is not needed any more, and returns when that is done.</summary>
    /// <param name="region">What to discard.</param>
    /// <returns>How it ended; region 0 is the only one.</returns>
    /// <inheritdoc cref="Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <exception cref="ArgumentException">The region is invalid; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The client or the device was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult Discard(IoRegion region) => Run(new RequestSpec(IoOperation.Discard, new ReadOnlySpan<IoRegion>(in region), NoOptions));

    /// <summary>Tells a region's device that the region is not needed any more, and calls back.</summary>
    /// <param name="region">What to discard.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(IoRegion region, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, new ReadOnlySpan<IoRegion>(in region), options, notify, context));

    /// <summary>Tells a region's device that the region is not needed any more.</summary>
    /// <param name="region">What to discard.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended; region 0 is the only one. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> DiscardAsync(IoRegion region, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.Discard, new ReadOnlySpan<IoRegion>(in region), options), cancellationToken);

    /// <summary>Makes a region read back as zeroes, and returns when that is done.</summary>
    /// <param name="region">What to zero.</param>
    /// <returns>How it ended; region 0 is the only one.</returns>
    /// <inheritdoc cref="WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <exception cref="ArgumentException">The region is invalid; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The client or the device was disposed.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback when only the callback's own lane could serve it.</exception>
    public IoResult WriteZeroes(IoRegion region) => Run(new RequestSpec(IoOperation.WriteZeroes, new ReadOnlySpan<IoRegion>(in region), NoOptions));

    /// <summary>Makes a region read back as zeroes, and calls back.</summary>
    /// <param name="region">What to zero.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(IoRegion region, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, new ReadOnlySpan<IoRegion>(in region), options, notify, context));

    /// <summary>Makes a region read back as zeroes.</summary>
    /// <param name="region">What to zero.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended; region 0 is the only one. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> WriteZeroesAsync(IoRegion region, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.WriteZeroes, new ReadOnlySpan<IoRegion>(in region), options), cancellationToken);
}
