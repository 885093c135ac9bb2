using DmIoUring.Engine;

namespace DmIoUring;

/// <content>Operations without data on one region.</content>
public sealed partial class IoReactor
{
    /// <summary>Makes durable what a region's device has completed so far, and calls back.</summary>
    /// <param name="region">The device; sector and count are ignored.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Flush(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitFlush(IoRegion region, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Flush, new ReadOnlySpan<IoRegion>(in region), options, notify, context));

    /// <summary>Tells a region's device that the region is not needed any more, and calls back.</summary>
    /// <param name="region">What to discard.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.Discard(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitDiscard(IoRegion region, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.Discard, new ReadOnlySpan<IoRegion>(in region), options, notify, context));

    /// <summary>Makes a region read back as zeroes, and calls back.</summary>
    /// <param name="region">What to zero.</param>
    /// <param name="notify">Called exactly once, in <see cref="Poll"/>; never when this method throws.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">Its report. Flags and a priority are invalid here: they belong to reads and writes.</param>
    /// <inheritdoc cref="DmIoClient.WriteZeroes(ReadOnlySpan{IoRegion})" path="/remarks"/>
    /// <inheritdoc cref="SubmitRead(IoRegion, IoBuffer, IoNotify, object?, IoRequestOptions)" path="/exception"/>
    public void SubmitWriteZeroes(IoRegion region, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        Submit(new RequestSpec(IoOperation.WriteZeroes, new ReadOnlySpan<IoRegion>(in region), options, notify, context));
}
