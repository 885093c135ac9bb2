using System.Runtime.CompilerServices;
using DmIoUring.Engine;

namespace DmIoUring;

/// <content>The ways in.</content>
public sealed partial class IoReactor
{
    /// <summary>Reads one region and calls back, in a later <see cref="Poll"/>.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Yours again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <exception cref="ArgumentException">The region, the buffer or the options can't be meant so; the message says what and why.</exception>
    /// <exception cref="InvalidOperationException">Another thread owns the reactor, or a stable copy finds no free pages.</exception>
    /// <exception cref="ObjectDisposedException">The reactor, a device or the buffer was disposed.</exception>
    public void SubmitRead(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default)
    {
        if (!TryStart(IoOperation.Read, region, buffer, notify, context, options))
            Submit(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, notify, context, options);
    }

    /// <summary>Writes one region and calls back, in a later <see cref="Poll"/>.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Yours again when the callback runs.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitWrite(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default)
    {
        if (!TryStart(IoOperation.Write, region, buffer, notify, context, options))
            Submit(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, notify, context, options);
    }

    /// <summary>Writes one buffer to 1 to 64 regions at once and calls back when all are done, in a later <see cref="Poll"/>.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Yours again when the callback runs.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default)
    {
        if (!TryStart(IoOperation.Write, regions, buffer, notify, context, options))
            Submit(IoOperation.Write, regions, buffer, notify, context, options);
    }

    /// <summary>Makes durable what the devices of the regions have completed so far, and calls back.</summary>
    /// <param name="regions">The devices; sectors and counts are not looked at, the bits are; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report; flags and priority belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Flush" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitFlush(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(IoOperation.Flush, regions, default, notify, context, options);

    /// <summary>Tells the devices that the regions are not needed any more, and calls back.</summary>
    /// <param name="regions">What to discard; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report; flags and priority belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Discard" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitDiscard(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(IoOperation.Discard, regions, default, notify, context, options);

    /// <summary>Makes the regions read back as zeroes, and calls back.</summary>
    /// <param name="regions">What to zero; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report; flags and priority belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.WriteZeroes" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead" path="/exception"/>
    public void SubmitWriteZeroes(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(IoOperation.WriteZeroes, regions, default, notify, context, options);

    /// <summary>Submits requests together. All go to the kernel with the next <see cref="Poll"/>, like any others; none before all were found right.</summary>
    /// <param name="requests">The requests, not used after the call returns. They are not ordered among each other.</param>
    /// <exception cref="ArgumentException">One of the requests can't be meant so; the message says what and why. None of them was submitted.</exception>
    /// <exception cref="InvalidOperationException">Another thread owns the reactor, or a stable copy finds no free pages: those before it were submitted.</exception>
    /// <exception cref="ObjectDisposedException">The reactor, a device or a buffer was disposed; those before it were submitted.</exception>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        foreach (ref readonly IoRequest request in requests)
            request.Check();
        foreach (ref readonly IoRequest request in requests)
        {
            if (!TryStart(request.Operation, request.Regions, request.Buffer, request.Notify, request.Context, request.Options))
                Submit(request.Operation, request.Regions, request.Buffer, request.Notify, request.Context, request.Options);
        }
    }

    /// <summary>The straight way of a request that asks for nothing special.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryStart(
        IoOperation operation, in IoRegion region, in IoBuffer buffer, IoNotify notify, object? context, in IoRequestOptions options)
    {
        bool may = notify is not null && !_disposed && _owner == Environment.CurrentManagedThreadId;
        if (!may || !_engine.TryStart(operation, region, buffer, notify!, context, options))
            return false;
        _submitted++;
        return true;
    }

    /// <summary>The same for several regions.</summary>
    private bool TryStart(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoNotify notify, object? context, in IoRequestOptions options)
    {
        bool may = notify is not null && !_disposed && _owner == Environment.CurrentManagedThreadId;
        if (!may || !_engine.TryStart(operation, regions, buffer, notify!, context, options))
            return false;
        _submitted++;
        return true;
    }

    private void Submit(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoNotify notify, object? context, in IoRequestOptions options)
    {
        ArgumentNullException.ThrowIfNull(notify);
        CheckOwner();
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequestGuard.Check(operation, regions, buffer, options);
        Request request = _spares.Take();
        try
        {
            request.Prepare(operation, regions, buffer, options, CopyFor(buffer, options), _engine.Devices);
        }
        catch
        {
            request.Release(_engine.Devices);
            _spares.Give(request);
            throw;
        }

        request.EndWith(notify, context);
        _submitted++;
        _engine.Accept(request);
    }

    /// <summary>Pages for a stable copy. Never waits: they may come back through the owner's own callbacks.</summary>
    private PageList CopyFor(in IoBuffer buffer, in IoRequestOptions options)
    {
        if (!StableCopies.IsAsked(buffer, options))
            return default;
        int pages = StableCopies.Pages(buffer);
        return _pagePool.TryRent(pages, out PageList copy) ? copy : throw StableCopies.NoPages(pages);
    }
}
