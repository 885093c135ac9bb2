using DmIoUring.Drivers;
using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Asynchronous requests, carried by a lane.</content>
public sealed partial class DmIoClient
{
    /// <summary>Reads one region and calls back.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Yours again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once, on a lane's thread; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <exception cref="ArgumentException">The region, the buffer or the options can't be meant so; the message says what and why.</exception>
    /// <exception cref="ObjectDisposedException">The client, a device or the buffer was disposed.</exception>
    public void SubmitRead(
        IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        SubmitCallback(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, notify, context, options);

    /// <summary>Writes one region and calls back.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Yours again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitWrite(
        IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        SubmitCallback(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, notify, context, options);

    /// <summary>Writes one buffer to 1 to 64 regions at once and calls back when all are done.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Yours again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        SubmitCallback(IoOperation.Write, regions, buffer, notify, context, options);

    /// <summary>Reads one region.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Yours again when the task completes. Zeroed where the read failed.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <param name="cancellationToken">
    /// Asks for the request to be given up, best effort. The task completes when the kernel has let go of the buffer, not
    /// before, and then with a result like any other: what was not done has failed with ECANCELED.
    /// </param>
    /// <returns>How it ended; region 0 is the only one. Await it once: the object behind it is used again.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public ValueTask<IoResult> ReadAsync(
        IoRegion region, IoBuffer buffer, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options, cancellationToken);

    /// <summary>Writes one region.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Yours again when the task completes.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended; region 0 is the only one. Await it once: the object behind it is used again.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public ValueTask<IoResult> WriteAsync(
        IoRegion region, IoBuffer buffer, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, options, cancellationToken);

    /// <summary>Writes one buffer to 1 to 64 regions at once.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Yours again when the task completes.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <param name="cancellationToken">As in <see cref="ReadAsync"/>.</param>
    /// <returns>How it ended, one bit a region. Await it once: the object behind it is used again.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public ValueTask<IoResult> WriteAsync(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoRequestOptions options = default, CancellationToken cancellationToken = default) =>
        SubmitTask(IoOperation.Write, regions, buffer, options, cancellationToken);

    /// <summary>As <see cref="SubmitRead"/>, unless the reserve is out: then nothing is done.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="notify">Called exactly once, on a lane's thread, when this method returned true.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>Whether it was submitted; never after waiting.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public bool TrySubmitRead(
        IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        TrySubmitCallback(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, notify, context, options);

    /// <summary>As <see cref="SubmitWrite(ReadOnlySpan{IoRegion}, IoBuffer, IoNotify, object?, IoRequestOptions)"/>, unless the reserve is out: then nothing is done.</summary>
    /// <param name="regions">Where to.</param>
    /// <param name="buffer">What.</param>
    /// <param name="notify">Called exactly once, on a lane's thread, when this method returned true.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>Whether it was submitted; never after waiting.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public bool TrySubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        TrySubmitCallback(IoOperation.Write, regions, buffer, notify, context, options);

    private void SubmitCallback(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoNotify notify, object? context, in IoRequestOptions options)
    {
        ArgumentNullException.ThrowIfNull(notify);
        ObjectDisposedException.ThrowIf(_disposed, this);
        Lane? here = LaneHere;
        if (here is not null && here.TryStart(operation, regions, buffer, notify, context, options))
            return;
        RequestGuard.Check(operation, regions, buffer, options);
        Request request = Take(here);
        Prepare(request, here, operation, regions, buffer, options);
        request.EndWith(notify, context);
        Submit(here, NextLane(here), request);
    }

    private bool TrySubmitCallback(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoNotify notify, object? context, in IoRequestOptions options)
    {
        ArgumentNullException.ThrowIfNull(notify);
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequestGuard.Check(operation, regions, buffer, options);
        PageList copy = default;
        if (StableCopies.IsAsked(buffer, options) && !_pagePool.TryRent(StableCopies.Pages(buffer), out copy))
            return false;
        Lane? here = LaneHere;
        Request? request;
        bool any = here is null ? _pool.TryTake(out request) : here.Spares.TryTake(out request);
        if (!any)
        {
            copy.Dispose();
            return false;
        }

        Prepare(request!, here, operation, regions, buffer, options, copy);
        request!.EndWith(notify, context);
        Submit(here, NextLane(here), request);
        return true;
    }

    private ValueTask<IoResult> SubmitTask(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequestGuard.Check(operation, regions, buffer, options);
        Lane? here = LaneHere;
        Request request = Take(here);
        Prepare(request, here, operation, regions, buffer, options);
        Lane lane = NextLane(here);
        ValueTask<IoResult> task = request.EndWithTask(_options.InlineContinuations, lane.LookForStops, cancellation);
        Submit(here, lane, request);
        return task;
    }

    /// <summary>A request: in a callback of this client from its lane's hand, on any other thread from the pool, in line.</summary>
    private Request Take(Lane? here) => here is null ? _pool.Take(mayWait: true) : here.Spares.Take();

    /// <summary>A request that holds its devices and its memory, or an exception and the request given back.</summary>
    private void Prepare(
        Request request, Lane? here, IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options)
    {
        PageList copy = default;
        if (StableCopies.IsAsked(buffer, options))
        {
            try
            {
                copy = RentCopy(buffer, options);
            }
            catch
            {
                _pool.Return(request);
                throw;
            }
        }

        Prepare(request, here, operation, regions, buffer, options, copy);
    }

    private void Prepare(
        Request request,
        Lane? here,
        IoOperation operation,
        ReadOnlySpan<IoRegion> regions,
        in IoBuffer buffer,
        in IoRequestOptions options,
        in PageList copy)
    {
        try
        {
            request.Prepare(operation, regions, buffer, options, copy, here?.Devices);
        }
        catch
        {
            GiveBack(request, here);
            throw;
        }
    }

    /// <summary>Pages for a stable copy; waits for them in line, but never on a lane's thread, which they may come back through.</summary>
    private PageList RentCopy(in IoBuffer buffer, in IoRequestOptions options)
    {
        if (!StableCopies.IsAsked(buffer, options))
            return default;
        int pages = StableCopies.Pages(buffer);
        if (!IsOnLane)
            return _pagePool.Rent(pages);
        return _pagePool.TryRent(pages, out PageList copy) ? copy : throw StableCopies.NoPages(pages);
    }

    /// <summary>Hands a request over; in a callback of this client's to the callback's own lane, without a hand-over.</summary>
    private void Submit(Lane? here, Lane lane, Request request)
    {
        if (here is not null)
        {
            here.Accept(request);
            return;
        }

        bool taken = lane.Submit(request);

        // A client that nobody else knows must not end under its own call.
        GC.KeepAlive(this);
        if (taken)
            return;
        GiveBack(request, here);
        throw new ObjectDisposedException(nameof(DmIoClient));
    }

    private void GiveBack(Request request, Lane? here)
    {
        request.Release(here?.Devices);
        _pool.Return(request);
    }
}
