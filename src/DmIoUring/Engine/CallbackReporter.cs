using System.Diagnostics;

namespace DmIoUring.Engine;

/// <summary>Where an exception ends that a caller's callback threw.</summary>
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
#pragma warning disable CA1031 // A handler that fails while it reports a failure has nobody left to tell.
        catch (Exception second)
#pragma warning restore CA1031
        {
            Trace.TraceError("DmIoUring: CallbackFailed threw: {0}", second);
        }
    }
}
