using System.Diagnostics;
using DmIoUring.Telemetry;

namespace DmIoUring.Engine;

/// <summary>Counts and reports the exceptions that callbacks throw.</summary>
/// <param name="handler">Who is told; null for the log.</param>
/// <param name="telemetry">The client's or the reactor's.</param>
internal sealed class CallbackReporter(Action<Exception>? handler, DriverTelemetry? telemetry = null)
{
    private readonly DriverTelemetry _telemetry = telemetry ?? DriverTelemetry.None;
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public void Report(Exception exception)
    {
        Interlocked.Increment(ref _count);
        _telemetry.CallbackThrew(exception);
        if (handler is null)
        {
            _telemetry.WriteCallbackException(exception);
            return;
        }

        try
        {
            handler(exception);
        }
#pragma warning disable CA1031 // The handler itself failed: only the trace is left.
        catch (Exception second)
#pragma warning restore CA1031
        {
            Trace.TraceError("DmIoUring: CallbackFailed threw: {0}", second);
        }
    }
}
