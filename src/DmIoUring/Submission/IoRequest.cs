using System.Diagnostics.CodeAnalysis;
using DmIoUring.Engine;
using DmIoUring.Submission;

namespace DmIoUring;

/// <summary>
/// One request of a batch (<see cref="DmIoClient.Submit(ReadOnlySpan{IoRequest})"/>, <see cref="IoReactor.Submit(ReadOnlySpan{IoRequest})"/>). A
/// description: it holds no resources until it is submitted, and it may be submitted any number of times.
/// </summary>
public readonly struct IoRequest
{
    private readonly IoRegion _region;
    private readonly ReadOnlyMemory<IoRegion> _regions;
    private readonly IoBuffer _buffer;
    private readonly IoRequestOptions _options;
    private readonly bool _isOfMany;

    private IoRequest(IoOperation operation, IoRegion region, in IoBuffer buffer, object? context, in IoRequestOptions options)
    {
        Operation = operation;
        _region = region;
        _buffer = buffer;
        Context = context;
        _options = options;
    }

    private IoRequest(
        IoOperation operation, ReadOnlyMemory<IoRegion> regions, in IoBuffer buffer, object? context, in IoRequestOptions options)
    {
        Operation = operation;
        _regions = regions;
        _isOfMany = true;
        _buffer = buffer;
        Context = context;
        _options = options;
    }

    internal IoOperation Operation { get; }

    private IoNotify? Notify { get; init; }

    private IoCompleted? Completed { get; init; }

    private object? Context { get; }

    private long Tag { get; init; }

    [UnscopedRef]
    internal ReadOnlySpan<IoRegion> Regions => _isOfMany ? _regions.Span : new ReadOnlySpan<IoRegion>(in _region);

    /// <summary>Whether it takes pages from the reserve.</summary>
    internal bool AsksForStableCopy => (_options.Flags & IoFlags.StableCopy) != 0;

    [UnscopedRef]
    internal RequestSpec Spec => new(Operation, Regions, in _buffer, in _options, Notify, Context) { Completed = Completed, Tag = Tag };

    /// <summary>A read of one region.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once for each time that it is submitted.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>The request.</returns>
    public static IoRequest Read(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        new(IoOperation.Read, region, buffer, context, options) { Notify = notify };

    /// <summary>A write of one region.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once for each time that it is submitted.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>The request.</returns>
    public static IoRequest Write(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        new(IoOperation.Write, region, buffer, context, options) { Notify = notify };

    /// <summary>A write of one buffer to 1 to 64 regions at once.</summary>
    /// <param name="regions">Where to; not used after the submitting call has returned.</param>
    /// <param name="buffer">What. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once for each time that it is submitted.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>The request.</returns>
    public static IoRequest Write(
        ReadOnlyMemory<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null, IoRequestOptions options = default) =>
        new(IoOperation.Write, regions, buffer, context, options) { Notify = notify };

    /// <summary>A read of one region, whose callback gets the number of bytes and two words of context.</summary>
    /// <param name="region">What to read.</param>
    /// <param name="buffer">Where to; at least the region's size. Free to use again when the callback runs. Zeroed where the read failed.</param>
    /// <param name="notify">Called exactly once for each time that it is submitted.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>The request.</returns>
    public static IoRequest Read(IoRegion region, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        new(IoOperation.Read, region, buffer, context, options) { Completed = notify, Tag = tag };

    /// <summary>A write of one region, whose callback gets the number of bytes and two words of context.</summary>
    /// <param name="region">Where to.</param>
    /// <param name="buffer">What; at least the region's size. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once for each time that it is submitted.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>The request.</returns>
    public static IoRequest Write(IoRegion region, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        new(IoOperation.Write, region, buffer, context, options) { Completed = notify, Tag = tag };

    /// <summary>A write of one buffer to 1 to 64 regions at once, whose callback gets the number of bytes and two words of context.</summary>
    /// <param name="regions">Where to; not used after the submitting call has returned.</param>
    /// <param name="buffer">What. Free to use again when the callback runs.</param>
    /// <param name="notify">Called exactly once for each time that it is submitted.</param>
    /// <param name="context">Handed to <paramref name="notify"/>.</param>
    /// <param name="tag">Handed to it, too.</param>
    /// <param name="options">What else the request asks for.</param>
    /// <returns>The request.</returns>
    public static IoRequest Write(
        ReadOnlyMemory<IoRegion> regions, IoBuffer buffer, IoCompleted notify, object? context, long tag, IoRequestOptions options = default) =>
        new(IoOperation.Write, regions, buffer, context, options) { Completed = notify, Tag = tag };

    /// <summary>Throws when the request is invalid.</summary>
    /// <param name="home">Whose devices it may name; null for those of the kernel.</param>
    internal void Check(object? home)
    {
        Admission.CheckMade(Spec);
        Admission.Check(Spec, home);
    }
}
