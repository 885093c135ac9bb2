using System.Diagnostics.Metrics;
using DmIoUring.Telemetry;
using Microsoft.Extensions.Logging;

namespace DmIoUring;

/// <content>Where metrics and log lines go.</content>
public abstract partial record IoDriverOptions
{
    /// <summary>
    /// What the client or the reactor is called in metrics (<c>dmio.driver</c>), events and log lines; <see langword="null"/>, the default, for <c>client</c> or
    /// <c>reactor</c>. Those of one name are reported as one.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>
    /// Where the meter <c>DmIoUring</c> is made, as in a host with dependency injection; <see langword="null"/>, the default, for the process's own of this name.
    /// <c>docs/telemetry.md</c> lists its instruments. Clients and reactors with one factory share one meter.
    /// </summary>
    /// <remarks>A listener's callbacks run on lanes and on threads that make requests: they must not block.</remarks>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>
    /// Where log lines go (category <c>DmIoUring</c>; <c>docs/telemetry.md</c> lists them); <see langword="null"/>, the default, for none but the gravest three, which
    /// are written to <see cref="System.Diagnostics.Trace"/>: a callback that threw, a Dispose that gave up, a submit that waits for long.
    /// </summary>
    /// <remarks>Lanes write to it: its providers must not block.</remarks>
    public ILoggerFactory? LoggerFactory { get; set; }

    internal DriverTelemetry NewTelemetry(string name) => new(IoInstruments.Of(MeterFactory), Name ?? name, LoggerFactory);
}
