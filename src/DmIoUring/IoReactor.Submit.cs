using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Submission;

namespace DmIoUring;

/// <content>The submitting methods.</content>
public sealed partial class IoReactor
{
    /// <summary>Reads one region and calls back, in a later <see cref="Poll"/>.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <exception cref="ArgumentException">The region, the buffer or the options are invalid; the message says which and why.</exception>
    /// <exception cref="InvalidOperationException">Another thread owns the reactor, or a stable copy finds no free pages.</exception>
    /// <exception cref="ObjectDisposedException">The reactor, a device or the buffer was disposed.</exception>
    public void SubmitRead(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options, notify, context);

    /// <summary>Writes one region and calls back, in a later <see cref="Poll"/>.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, options, notify, context);

    /// <summary>Writes one buffer to 1 to 64 regions at once and calls back when all are done, in a later <see cref="Poll"/>.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(IoOperation.Write, regions, buffer, options, notify, context);

    /// <summary>Makes durable what the devices of the regions have completed so far, and calls back.</summary>
    /// <param name="regions">The devices; sectors and counts are ignored; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, regions, options, notify, context));

    /// <summary>Tells the devices that the regions are not needed any more, and calls back.</summary>
    /// <param name="regions">What to discard; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, regions, options, notify, context));

    /// <summary>Makes the regions read back as zeroes, and calls back.</summary>
    /// <param name="regions">What to zero; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(ReadOnlySpan<IoRegion> regions, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, regions, options, notify, context));

    /// <summary>Submits requests as a batch: all of them, or none when one is invalid. They go to the kernel with the next <see cref="Poll"/>, like any others.</summary>
    /// <param name="requests">The requests, not used after the call returns. They are not ordered among each other.</param>
    /// <exception cref="ArgumentException">One of the requests is invalid; the message says which and why. None of them was submitted.</exception>
    /// <exception cref="InvalidOperationException">Another thread owns the reactor, or a stable copy finds no free pages. None was submitted.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The reactor, a device or a buffer was disposed. None was submitted, unless another thread disposed it during this call: then the requests before it were.
    /// </exception>
    public void Submit(ReadOnlySpan<IoRequest> requests)
    {
        CheckOwner();
        ObjectDisposedException.ThrowIf(_disposed, this);
        _submission.Submit(requests);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Submit(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, IoNotify notify, object? context)
    {
        if (notify is null || _owner != Thread.CurrentThread || _disposed)
            CheckCaller(notify);
        if (!_submission.TrySubmitFast(operation, regions, buffer, options, new NotifyCallback(notify!, context)))
            SubmitSlow(operation, regions, buffer, options, notify!, context);
    }

    /// <summary>Apart, so that the fast path's frame has no room for a <see cref="RequestSpec"/> to clear.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SubmitSlow(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, IoNotify notify, object? context) =>
        _submission.Submit(new RequestSpec(operation, regions, buffer, options, notify, context));

    internal void Submit(in RequestSpec spec)
    {
        CheckCaller((Delegate?)spec.Notify ?? spec.Completed);
        _submission.Submit(spec);
    }

    /// <summary>As <see cref="Submit(in RequestSpec)"/>, but returns false where the reserve is exhausted.</summary>
    internal bool TrySubmit(in RequestSpec spec)
    {
        CheckCaller((Delegate?)spec.Notify ?? spec.Completed);
        return _submission.TrySubmit(spec);
    }

    /// <summary>Throws for a missing callback, another thread than the owner, or a disposed reactor. The first call makes its thread the owner.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CheckCaller(Delegate? notify)
    {
        Admission.CheckCallback(notify);
        CheckOwner();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
