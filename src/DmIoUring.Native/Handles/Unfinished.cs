using System.Globalization;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Handles;

/// <summary>What a client or a reactor reported when it did not end within its limit.</summary>
internal sealed class Unfinished
{
    private IoUnfinished? _report;

    public void Set(IoUnfinished report) => Volatile.Write(ref _report, report);

    /// <summary>Throws the report, once.</summary>
    /// <exception cref="NativeException">ETIMEDOUT.</exception>
    public void ThrowIfAny()
    {
        if (Interlocked.Exchange(ref _report, null) is { } report)
        {
            throw new NativeException(Errno.ETIMEDOUT, string.Create(
                CultureInfo.InvariantCulture,
                $"After {report.Waited.TotalSeconds:0.#} s {report.Requests.Count} requests are under way and {report.BlockedLanes} lanes are blocked by a callback. Close again."));
        }
    }
}
