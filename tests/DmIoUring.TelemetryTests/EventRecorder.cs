using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace DmIoUring.TelemetryTests;

/// <summary>Listens to the event source <c>DmIoUring</c>, as dotnet-trace does, and keeps what names a word.</summary>
/// <param name="word">A device, or a client's name: other tests make events, too.</param>
internal sealed class EventRecorder(string word) : EventListener
{
    private readonly ConcurrentQueue<Event> _events = new();

    public Event[] Events => [.. _events];

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (string.Equals(eventSource.Name, "DmIoUring", StringComparison.Ordinal))
            EnableEvents(eventSource, EventLevel.Verbose);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // Called by the base class's constructor already.
        if (word is not null && eventData.Payload is { } payload && payload.Contains(word))
            _events?.Enqueue(new Event(eventData.EventId, eventData.EventName!, eventData.Level, [.. payload]));
    }

    internal sealed record Event(int Id, string Name, EventLevel Level, object?[] Payload);
}
