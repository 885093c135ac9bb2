namespace DmIoUring.Engine;

/// <summary>A callback with its context. A struct, so that the fast path is compiled separately for each kind and keeps it in registers.</summary>
internal interface IRequestCallback
{
    /// <summary>Has the request's end reported by this callback.</summary>
    void SetOn(Request request, ReadOnlySpan<IoRegion> regions);
}

/// <summary>An <see cref="IoNotify"/>.</summary>
internal readonly struct NotifyCallback(IoNotify notify, object? context) : IRequestCallback
{
    public void SetOn(Request request, ReadOnlySpan<IoRegion> regions) => request.SetFastNotify(notify, context);
}

/// <summary>An <see cref="IoCompleted"/>.</summary>
internal readonly struct CompletedCallback(IoCompleted completed, object? context, long tag) : IRequestCallback
{
    public void SetOn(Request request, ReadOnlySpan<IoRegion> regions) => request.EndWith(completed, context, tag, BytesOf(regions));

    /// <summary>The size of all regions.</summary>
    public static long BytesOf(ReadOnlySpan<IoRegion> regions)
    {
        long bytes = 0;
        foreach (ref readonly IoRegion region in regions)
            bytes += region.Count * IoRegion.SectorSize;
        return bytes;
    }
}
