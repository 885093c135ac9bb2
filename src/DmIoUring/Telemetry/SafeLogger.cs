using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace DmIoUring.Telemetry;

/// <summary>A logger whose providers may throw: a lane, which logs, would end by it.</summary>
internal sealed class SafeLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
#pragma warning disable CA1031 // Whatever a provider throws.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Report(exception);
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
#pragma warning disable CA1031 // Whatever a provider throws.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            Report(thrown);
        }
    }

    private static void Report(Exception exception) => Trace.TraceError("DmIoUring: a logger threw: {0}", exception);
}
