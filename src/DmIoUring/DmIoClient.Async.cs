using System.Buffers;
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
    /// <exception cref="ArgumentException">The region or the buffer can't be meant so; the message says what and why.</exception>
    /// <exception cref="ObjectDisposedException">The client or the device was disposed.</exception>
    public void SubmitRead(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null) =>
        SubmitCallback(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, notify, context);

    /// <summary>Writes one region and calls back.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Yours again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitWrite(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null) =>
        SubmitCallback(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, notify, context);

    /// <summary>Writes one buffer to 1 to 64 regions at once and calls back when all are done.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each starts at the buffer's beginning and takes its own count of sectors.</param>
    /// <param name="buffer">What; at least the largest region's size. Yours again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitWrite(ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null) =>
        SubmitCallback(IoOperation.Write, regions, buffer, notify, context);

    /// <summary>Reads one region.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Yours again when the task completes. Zeroed where the read failed.</param>
    /// <returns>How it ended; region 0 is the only one. Await it once: the object behind it is used again.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public ValueTask<IoResult> ReadAsync(IoRegion region, IoBuffer buffer) =>
        SubmitTask(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer);

    /// <summary>Writes one region.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Yours again when the task completes.</param>
    /// <returns>How it ended; region 0 is the only one. Await it once: the object behind it is used again.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public ValueTask<IoResult> WriteAsync(IoRegion region, IoBuffer buffer) =>
        SubmitTask(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer);

    /// <summary>Writes one buffer to 1 to 64 regions at once.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each starts at the buffer's beginning and takes its own count of sectors.</param>
    /// <param name="buffer">What; at least the largest region's size. Yours again when the task completes.</param>
    /// <returns>How it ended, one bit a region. Await it once: the object behind it is used again.</returns>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public ValueTask<IoResult> WriteAsync(ReadOnlySpan<IoRegion> regions, IoBuffer buffer) =>
        SubmitTask(IoOperation.Write, regions, buffer);

    private void SubmitCallback(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoNotify notify, object? context)
    {
        ArgumentNullException.ThrowIfNull(notify);
        Request request = Prepare(operation, regions, buffer);
        request.EndWith(notify, context);
        Submit(request);
    }

    private ValueTask<IoResult> SubmitTask(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer)
    {
        Request request = Prepare(operation, regions, buffer);
        ValueTask<IoResult> task = request.EndWithTask(_options.InlineContinuations);
        Submit(request);
        return task;
    }

    /// <summary>A request that holds its devices and its memory, or an exception and nothing held.</summary>
    private unsafe Request Prepare(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequestGuard.Check(operation, regions, buffer);
        MemoryHandle pin = RequestGuard.Pin(regions, buffer, out byte* memory);
        try
        {
            Request request = Rent(operation, regions, memory);
            request.Keep(pin);
            return request;
        }
        catch
        {
            pin.Dispose();
            throw;
        }
    }

    private unsafe Request Rent(IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory)
    {
        Request request = _pool.Take();
        try
        {
            request.Prepare(operation, regions, memory);
            return request;
        }
        catch
        {
            GiveBack(request);
            throw;
        }
    }

    private void Submit(Request request)
    {
        if (NextLane().Submit(request))
            return;
        GiveBack(request);
        throw new ObjectDisposedException(nameof(DmIoClient));
    }

    private void GiveBack(Request request)
    {
        request.Release();
        _pool.Return(request);
    }
}
