using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace DmIoUring.TelemetryTests;

/// <summary>Listens to one factory's meter, in this process, and keeps what it was told.</summary>
internal sealed class MeterRecorder : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Told> _told = new();

    /// <summary>Starts to listen.</summary>
    /// <param name="factory">Whose meter; null for the process's own.</param>
    /// <param name="only">The one instrument to listen to; null for all.</param>
    public MeterRecorder(IMeterFactory? factory, string? only = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (string.Equals(instrument.Meter.Name, "DmIoUring", StringComparison.Ordinal) && ReferenceEquals(instrument.Meter.Scope, factory) && (only is null || string.Equals(instrument.Name, only, StringComparison.Ordinal)))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Everything that was told of an instrument so far.</summary>
    public Told[] Of(string instrument) => [.. _told.Where(told => string.Equals(told.Instrument, instrument, StringComparison.Ordinal))];

    /// <summary>The instruments that exist, with their units.</summary>
    public Dictionary<string, string?> Units { get; } = new(StringComparer.Ordinal);

    /// <summary>Collects, and returns what observable instruments told.</summary>
    public Told[] Collect()
    {
        _told.Clear();
        _listener.RecordObservableInstruments();
        return [.. _told];
    }

    /// <summary>Collects, and returns the value of one series; null where there is none.</summary>
    public double? Collect(string instrument, params (string Key, string Value)[] tags)
    {
        Told[] all = [.. Collect().Where(told => string.Equals(told.Instrument, instrument, StringComparison.Ordinal) && tags.All(tag => Equals(told.Tag(tag.Key), tag.Value)))];
        return all.Length switch
        {
            0 => null,
            1 => all[0].Value,
            _ => throw new InvalidOperationException($"{instrument} has {all.Length} series: {string.Join("; ", all.Select(static told => told.ToString()))}"),
        };
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (Units)
            Units[instrument.Name] = instrument.Unit;
        _told.Enqueue(new Told(instrument.Name, value, tags.ToArray()));
    }

    /// <summary>One measurement.</summary>
    internal sealed record Told(string Instrument, double Value, KeyValuePair<string, object?>[] Tags)
    {
        public object? Tag(string key) => Tags.FirstOrDefault(tag => string.Equals(tag.Key, key, StringComparison.Ordinal)).Value;

        public override string ToString() => $"{Instrument} {Value} {string.Join(' ', Tags)}";
    }
}
