namespace DmIoUring.Threading;

/// <summary>
/// Whether the calling thread runs callbacks just now: a lane's does always, a reactor's owner while it polls. Such a thread waits for nothing that
/// other requests' ends bring, whosever they are: those callbacks could be waiting for this one.
/// </summary>
internal static class CallbackThread
{
    [ThreadStatic]
    private static bool _isCurrent;

    public static bool IsCurrent => _isCurrent;

    /// <summary>Says whether the calling thread runs callbacks.</summary>
    /// <returns>What was said before.</returns>
    public static bool Set(bool isCurrent)
    {
        bool before = _isCurrent;
        _isCurrent = isCurrent;
        return before;
    }
}
