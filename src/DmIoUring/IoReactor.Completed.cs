using System.Runtime.CompilerServices;
using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Requests whose callback gets the number of bytes and two words of context.</content>
public sealed partial class IoReactor
{
    /// <summary>Reads one region and calls back with the number of bytes and two words of context, in a later <see cref="Poll"/>.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitRead(IoRegion region, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options, notify, context, tag);

    /// <summary>Writes one region and calls back with the number of bytes and two words of context, in a later <see cref="Poll"/>.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(IoRegion region, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, options, notify, context, tag);

    /// <summary>Writes one buffer to 1 to 64 regions at once and calls back with the number of bytes and two words of context, in a later <see cref="Poll"/>.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(IoOperation.Write, regions, buffer, options, notify, context, tag);

    /// <summary>Makes durable what the devices of the regions have completed so far, and calls back with two words of context.</summary>
    /// <param name="regions">The devices; sectors and counts are ignored; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(ReadOnlySpan<IoRegion> regions, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, regions, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Makes durable what a region's device has completed so far, and calls back with two words of context.</summary>
    /// <param name="region">The device; sector and count are ignored.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(IoRegion region, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, new ReadOnlySpan<IoRegion>(in region), options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Tells the devices that the regions are not needed any more, and calls back with two words of context.</summary>
    /// <param name="regions">What to discard; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(ReadOnlySpan<IoRegion> regions, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, regions, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Tells a region's device that the region is not needed any more, and calls back with two words of context.</summary>
    /// <param name="region">What to discard.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(IoRegion region, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, new ReadOnlySpan<IoRegion>(in region), options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Makes the regions read back as zeroes, and calls back with two words of context.</summary>
    /// <param name="regions">What to zero; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(ReadOnlySpan<IoRegion> regions, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, regions, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Makes a region read back as zeroes, and calls back with two words of context.</summary>
    /// <param name="region">What to zero.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(IoRegion region, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, new ReadOnlySpan<IoRegion>(in region), options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>The fast path alone, of native memory that the caller keeps allocated.</summary>
    /// <returns>Whether it was submitted; otherwise another method submits it or throws.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe bool TrySubmitFast(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory, long length, IoCompleted notify, object? context, long tag) =>
        _owner == Thread.CurrentThread && !_disposed && _submission.TrySubmitFast(operation, regions, memory, length, new CompletedCallback(notify, context, tag));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Submit(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, IoCompleted notify, object? context, long tag)
    {
        if (notify is null || _owner != Thread.CurrentThread || _disposed)
            CheckCaller(notify);
        if (!_submission.TrySubmitFast(operation, regions, buffer, options, new CompletedCallback(notify!, context, tag)))
            SubmitSlow(operation, regions, buffer, options, notify!, context, tag);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SubmitSlow(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options, IoCompleted notify, object? context, long tag) =>
        _submission.Submit(new RequestSpec(operation, regions, buffer, options) { Completed = notify, Context = context, Tag = tag });
}
