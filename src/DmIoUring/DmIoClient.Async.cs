using DmIoUring.Engine;
using DmIoUring.Submission;
using DmIoUring.Threading;

namespace DmIoUring;

/// <content>Asynchronous requests, carried by a lane.</content>
public sealed partial class DmIoClient
{
    /// <summary>Reads one region and calls back.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <exception cref="ArgumentException">The region, the buffer or the options are invalid; the message says which and why.</exception>
    /// <exception cref="ObjectDisposedException">The client, a device or the buffer was disposed.</exception>
    public void SubmitRead(
        IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options, notify, context));

    /// <summary>Writes one region and calls back.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(
        IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, options, notify, context));

    /// <summary>Writes one buffer to 1 to 64 regions at once and calls back when all are done.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Write, regions, buffer, options, notify, context));

    /// <summary>Reads one region.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again when the task completes. Zeroed where the read failed.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <param name="cancellationToken">
    /// Cancels the request, best effort. The task completes only when the kernel has released the buffer, and then with a
    /// result like any other: the parts that were not done have failed with ECANCELED.
    /// </param>
    /// <returns>How it ended; region 0 is the only one. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> ReadAsync(
        IoRegion region, IoBuffer buffer, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options), cancellationToken);

    /// <summary>Writes one region.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again when the task completes.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended; region 0 is the only one. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> WriteAsync(
        IoRegion region, IoBuffer buffer, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, options), cancellationToken);

    /// <summary>Writes one buffer to 1 to 64 regions at once.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Free to use again when the task completes.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended, one bit a region. Await it exactly once, because the object behind it is pooled: a task that is never awaited keeps a reserved request occupied (<see cref="IoStatistics.UnawaitedResults"/>).</returns>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public ValueTask<IoResult> WriteAsync(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(new RequestSpec(IoOperation.Write, regions, buffer, options), cancellationToken);

    /// <summary>As <see cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)"/>, but returns false at once, and does nothing, when the reserve is exhausted.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>), when this method returned true.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>Whether it was submitted. Never waits.</returns>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public bool TrySubmitRead(
        IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        TrySubmit(new RequestSpec(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options, notify, context));

    /// <summary>As <see cref="SubmitWrite(ReadOnlySpan{IoRegion}, IoBuffer, IoNotify, object?, IoRequestOptions)"/>, but returns false at once, and does nothing, when the reserve is exhausted.</summary>
    /// <param name="regions">Where to.</param>
    /// <param name="buffer">What.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>), when this method returned true.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>Whether it was submitted. Never waits.</returns>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public bool TrySubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        TrySubmit(new RequestSpec(IoOperation.Write, regions, buffer, options, notify, context));

    /// <summary>
    /// Submits requests as a batch: one lane receives all of them at once, is woken at most once, and submits them to the kernel by one call.
    /// Called in a callback, the batch goes with the lane's next submission, like any request that a callback submits.
    /// </summary>
    /// <param name="requests">The requests, not used after the call returns. They are not ordered among each other. An empty batch is valid.</param>
    /// <exception cref="ArgumentException">One of the requests is invalid; the message says which and why. None of them was submitted.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The client, a device or a buffer was disposed. None was submitted, unless it happened while this call waited because the reserve was exhausted.
    /// </exception>
    /// <remarks>When the reserve is exhausted, the requests that are ready are submitted first, and the call waits for more, in order of arrival. In a callback it never waits.</remarks>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        _submission.Submit(requests);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Runs the callbacks on the calling thread that are ready and that no thread of the pool has begun, where callbacks are the thread pool's
    /// (<see cref="IoCallbackThreads.ThreadPool"/>): a thread that waits for its requests does something for that, where all processors are busy. Never waits.
    /// </summary>
    /// <returns>How many it ran; 0 where callbacks are the lanes', which no other thread can run, and 0 in a callback: callbacks do not nest.</returns>
    /// <remarks>At most as many as had not returned when it was called, so that it ends. Any thread.</remarks>
    public int TryComplete()
    {
        int ran = 0;
        if (CallbackThread.IsInCallback)
            return ran;
        for (int ready = _handOver?.Count ?? 0; ready > 0 && _handOver!.TryRunOne(); ready--)
            ran++;
        GC.KeepAlive(this);
        return ran;
    }

    internal void Submit(in RequestSpec spec)
    {
        Admission.CheckCallback(spec);
        _submission.Submit(spec);

        // Without it the finalizer of a client that nobody else references could run during its own call.
        GC.KeepAlive(this);
    }

    internal bool TrySubmit(in RequestSpec spec)
    {
        Admission.CheckCallback(spec);
        bool isSubmitted = _submission.TrySubmit(spec);
        GC.KeepAlive(this);
        return isSubmitted;
    }

    private ValueTask<IoResult> SubmitTask(in RequestSpec spec, CancellationToken cancellation)
    {
        ValueTask<IoResult> task = _submission.SubmitTask(spec, cancellation);
        GC.KeepAlive(this);
        return task;
    }
}
