using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Handles;

/// <summary>What a client or a reactor reported when it did not end within its limit: to the thread whose call gave up, so that each of several closers gets its own.</summary>
internal sealed class Unfinished
{
    [ThreadStatic]
    private static (Unfinished? Of, IoUnfinished? Report) _last;

    public void Set(IoUnfinished report) => _last = (this, report);

    /// <summary>Takes the calling thread's report.</summary>
    /// <returns>Null where it ended.</returns>
    public IoUnfinished? Take()
    {
        (Unfinished? of, IoUnfinished? report) = _last;
        if (of != this)
            return null;
        _last = default;
        return report;
    }

    /// <summary>Throws the calling thread's report, once.</summary>
    /// <exception cref="NativeException">ETIMEDOUT.</exception>
    public void ThrowIfAny()
    {
        if (Take() is { } report)
        {
            throw new NativeException(Errno.ETIMEDOUT, string.Create(
                CultureInfo.InvariantCulture,
                $"After {report.Waited.TotalSeconds:0.#} s {report.Requests.Count} requests are under way and {report.BlockedLanes} lanes are blocked by a callback. Close again."));
        }
    }
}
