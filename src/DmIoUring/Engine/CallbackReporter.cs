using System.Diagnostics;

namespace DmIoUring.Engine;

/// <summary>Counts and reports the exceptions that callbacks throw.</summary>
internal sealed class CallbackReporter(Action<Exception>? handler)
{
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public void Report(Exception exception)
    {
        Interlocked.Increment(ref _count);
        if (handler is null)
        {
            Trace.TraceError("DmIoUring: a completion callback threw: {0}", exception);
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
