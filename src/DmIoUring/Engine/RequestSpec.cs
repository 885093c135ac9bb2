namespace DmIoUring.Engine;

/// <summary>The arguments of a submitting call, by reference; valid during the call.</summary>
internal readonly ref struct RequestSpec
{
    /// <summary>The memory of an operation without data.</summary>
    public static readonly IoBuffer NoBuffer = IoBuffer.From(Memory<byte>.Empty);
    private readonly ref readonly IoBuffer _buffer;
    private readonly ref readonly IoRequestOptions _options;

    public RequestSpec(
        IoOperation operation,
        ReadOnlySpan<IoRegion> regions,
        in IoBuffer buffer,
        in IoRequestOptions options,
        IoNotify? notify = null,
        object? context = null)
    {
        Operation = operation;
        Regions = regions;
        _buffer = ref buffer;
        _options = ref options;
        Notify = notify;
        Context = context;
    }

    /// <summary>An operation without data.</summary>
    public RequestSpec(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoRequestOptions options, IoNotify? notify = null, object? context = null)
        : this(operation, regions, in NoBuffer, options, notify, context)
    {
    }

    public IoOperation Operation { get; }

    public ReadOnlySpan<IoRegion> Regions { get; }

    public ref readonly IoBuffer Buffer => ref _buffer;

    public ref readonly IoRequestOptions Options => ref _options;

    /// <summary>The callback; null for a request whose end is reported otherwise.</summary>
    public IoNotify? Notify { get; }

    /// <summary>The callback that gets more, in place of <see cref="Notify"/>.</summary>
    public IoCompleted? Completed { get; init; }

    public object? Context { get; init; }

    /// <summary>The second word of context, of <see cref="Completed"/>.</summary>
    public long Tag { get; init; }

    public bool HasCallback => Notify is not null || Completed is not null;

    /// <summary>Whether it is written from a private copy.</summary>
    public bool AsksForStableCopy => (_options.Flags & IoFlags.StableCopy) != 0;

    /// <summary>The part of the buffer that a stable copy takes: from the lowest byte that a region uses to the highest. Empty where none is asked for.</summary>
    /// <returns>The first byte and how many.</returns>
    public (long Start, long Length) CopyRange()
    {
        if (!AsksForStableCopy)
            return default;
        long start = long.MaxValue;
        long end = 0;
        foreach (ref readonly IoRegion region in Regions)
        {
            if (region.Count == 0)
                continue;
            start = Math.Min(start, region.BufferOffset);
            end = Math.Max(end, region.BufferOffset + (region.Count * IoRegion.SectorSize));
        }

        return end == 0 ? default : (start, end - start);
    }
}
