namespace DmIoUring;

/// <summary>placeholder for API</summary>
public sealed class DmIoClient : IDisposable, IAsyncDisposable
{
    /// <summary>Starts.</summary>
    public DmIoClient(DmIoOptions? options = null) => throw new NotSupportedException();
    /// <summary>caps</summary>
    public IoCapabilities Capabilities => throw new NotSupportedException();
    /// <summary>stats</summary>
    public IoStatistics Statistics => throw new NotSupportedException();
    /// <summary>Reads one region, synchronously.</summary>
    public IoResult Read(IoRegion region, IoBuffer buffer) => throw new NotSupportedException();
    /// <summary>Writes 1 to 64 regions.</summary>
    public IoResult Write(ReadOnlySpan<IoRegion> regions, IoBuffer buffer) => throw new NotSupportedException();
    /// <summary>Writes one.</summary>
    public IoResult Write(IoRegion region, IoBuffer buffer) => throw new NotSupportedException();
    /// <summary>async</summary>
    public ValueTask<IoResult> ReadAsync(IoRegion region, IoBuffer buffer) => throw new NotSupportedException();
    /// <summary>async</summary>
    public ValueTask<IoResult> WriteAsync(ReadOnlySpan<IoRegion> regions, IoBuffer buffer) => throw new NotSupportedException();
    /// <summary>async</summary>
    public ValueTask<IoResult> WriteAsync(IoRegion region, IoBuffer buffer) => throw new NotSupportedException();
    /// <summary>callback</summary>
    public void SubmitRead(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null) => throw new NotSupportedException();
    /// <summary>callback</summary>
    public void SubmitWrite(ReadOnlySpan<IoRegion> regions, IoBuffer buffer, IoNotify notify, object? context = null) => throw new NotSupportedException();
    /// <summary>callback</summary>
    public void SubmitWrite(IoRegion region, IoBuffer buffer, IoNotify notify, object? context = null) => throw new NotSupportedException();
    /// <summary>Drains.</summary>
    public void Dispose() { }
    /// <summary>Drains.</summary>
    public ValueTask DisposeAsync() => default;
}
