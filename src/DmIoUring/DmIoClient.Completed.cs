using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Requests whose callback gets the number of bytes and two words of context.</content>
public sealed partial class DmIoClient
{
    /// <summary>Reads one region and calls back with the number of bytes and two words of context.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitRead(
        IoRegion region, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Writes one region and calls back with the number of bytes and two words of context.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(
        IoRegion region, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), buffer, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Writes one buffer to 1 to 64 regions at once and calls back with the number of bytes and two words of context.</summary>
    /// <param name="regions">Where to; not used after the call returns. Each takes its own count of sectors from its own offset into the buffer.</param>
    /// <param name="buffer">What. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Write, regions, buffer, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Makes durable what the devices of the regions have completed so far, and calls back with two words of context.</summary>
    /// <param name="regions">The devices; sectors and counts are ignored; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(ReadOnlySpan<IoRegion> regions, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, regions, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Makes durable what a region's device has completed so far, and calls back with two words of context.</summary>
    /// <param name="region">The device; sector and count are ignored.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(IoRegion region, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, new ReadOnlySpan<IoRegion>(in region), options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Tells the devices that the regions are not needed any more, and calls back with two words of context.</summary>
    /// <param name="regions">What to discard; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(ReadOnlySpan<IoRegion> regions, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, regions, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Tells a region's device that the region is not needed any more, and calls back with two words of context.</summary>
    /// <param name="region">What to discard.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(IoRegion region, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, new ReadOnlySpan<IoRegion>(in region), options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Makes the regions read back as zeroes, and calls back with two words of context.</summary>
    /// <param name="regions">What to zero; the span is not used after the call returns.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(ReadOnlySpan<IoRegion> regions, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, regions, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>Makes a region read back as zeroes, and calls back with two words of context.</summary>
    /// <param name="region">What to zero.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>); never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(IoRegion region, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, new ReadOnlySpan<IoRegion>(in region), options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>As <see cref="SubmitRead(IoRegion, IoBuffer, IoCompleted, object?, long, IoRequestOptions)"/>, but returns false at once, and does nothing, when the reserve is exhausted.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>), when this method returned true.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>Whether it was submitted. Never waits.</returns>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public bool TrySubmitRead(
        IoRegion region, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        TrySubmit(new RequestSpec(IoOperation.Read, new ReadOnlySpan<IoRegion>(in region), buffer, options) { Completed = notify, Context = context, Tag = tag });

    /// <summary>As <see cref="SubmitWrite(ReadOnlySpan{IoRegion}, IoBuffer, IoCompleted, object?, long, IoRequestOptions)"/>, but returns false at once, and does nothing, when the reserve is exhausted.</summary>
    /// <param name="regions">Where to.</param>
    /// <param name="buffer">What.</param>
    /// <param name="notify">Called exactly once, on a lane's thread or the thread pool's (<see cref="DmIoOptions.Callbacks"/>), when this method returned true.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>Whether it was submitted. Never waits.</returns>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public bool TrySubmitWrite(
        ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        TrySubmit(new RequestSpec(IoOperation.Write, regions, buffer, options) { Completed = notify, Context = context, Tag = tag });
}
