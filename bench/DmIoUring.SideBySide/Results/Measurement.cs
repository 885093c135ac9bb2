using System.Text.Json.Serialization;
using DmIoUring.SideBySide.Contests;

namespace DmIoUring.SideBySide.Results;

/// <summary>What one run of one contestant measured.</summary>
/// <param name="Round">From 1.</param>
/// <param name="Contest">The contest's name.</param>
/// <param name="Contestant">Its name there.</param>
/// <param name="Tool">The program that measured.</param>
/// <param name="Values">By the names of dmio bench's report, with dots: <c>lat_ns.p99_9</c>.</param>
internal sealed record Measurement(int Round, string Contest, string Contestant, Tool Tool, IReadOnlyDictionary<string, double> Values)
{
    [JsonIgnore]
    public Entrant Entrant => new(Contest, Contestant);
}
