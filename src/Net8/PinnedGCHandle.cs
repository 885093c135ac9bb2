namespace System.Runtime.InteropServices;

/// <summary>.NET 10's handle for .NET 8.</summary>
[Microsoft.CodeAnalysis.Embedded]
internal struct PinnedGCHandle<T>(T target) : IDisposable
    where T : class?
{
    private GCHandle _handle = GCHandle.Alloc(target, GCHandleType.Pinned);

    public T Target
    {
        readonly get => (T)_handle.Target!;
        set => _handle.Target = value;
    }

    /// <summary>Twice, or of one that never was, it does nothing.</summary>
    public void Dispose()
    {
        if (_handle.IsAllocated)
            _handle.Free();
    }
}
