namespace DmIoUring.Engine;

/// <summary>What a caller asks for, by reference and for the length of the call.</summary>
internal readonly ref struct RequestSpec
{
    private static readonly IoBuffer NoBuffer = IoBuffer.From(Memory<byte>.Empty);
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

    /// <summary>Whom to call at the end; null for a request whose end is told otherwise.</summary>
    public IoNotify? Notify { get; }

    public object? Context { get; }
}
