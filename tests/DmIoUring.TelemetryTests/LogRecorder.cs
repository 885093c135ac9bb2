using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace DmIoUring.TelemetryTests;

/// <summary>A logger factory that keeps the lines.</summary>
internal sealed class LogRecorder(LogLevel least = LogLevel.Trace, bool throws = false) : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<Line> _lines = new();

    public Line[] Lines => [.. _lines];

    public string? Category { get; private set; }

    public ILogger CreateLogger(string categoryName)
    {
        Category = categoryName;
        return this;
    }

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue(new Line(eventId.Id, eventId.Name, logLevel, formatter(state, exception), exception));
        if (throws)
            throw new InvalidOperationException("a log");
    }

    public void Dispose()
    {
    }

    internal sealed record Line(int Id, string? Name, LogLevel Level, string Text, Exception? Exception);
}
