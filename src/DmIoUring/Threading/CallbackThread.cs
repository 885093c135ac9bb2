namespace DmIoUring.Threading;

/// <summary>
/// Whether the calling thread runs callbacks: a lane's thread always does, a reactor's owner while it polls. Such a thread must not wait for the end
/// of requests, of any client: their callbacks could wait for this thread.
/// </summary>
internal static class CallbackThread
{
    [ThreadStatic]
    private static bool _isCurrent;

    [ThreadStatic]
    private static bool _runsHandedOver;

    public static bool IsCurrent => _isCurrent;

    /// <summary>Whether the calling thread runs a callback, of whichever thread's: its client can't be waited for here.</summary>
    public static bool IsInCallback => _isCurrent || _runsHandedOver;

    /// <summary>Sets whether the calling thread runs callbacks.</summary>
    /// <returns>The previous value.</returns>
    public static bool Set(bool isCurrent)
    {
        bool before = _isCurrent;
        _isCurrent = isCurrent;
        return before;
    }

    /// <summary>Sets whether the calling thread runs a callback that was handed over to it, which may wait.</summary>
    /// <returns>The previous value.</returns>
    public static bool SetHandedOver(bool runs)
    {
        bool before = _runsHandedOver;
        _runsHandedOver = runs;
        return before;
    }
}
