using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Results;

namespace DmIoUring.CommandTests.SideBySide;

/// <summary>A session as it might have been measured.</summary>
internal static class CannedSession
{
    public static Session Of(params Measurement[] measurements) => new()
    {
        Machine = new Machine("6.18", "A processor", 2, ".NET 10.0", "fio-3.33", "2026-01-02", "abc123"),
        Rounds = 3,
        Seconds = 2,
        RampSeconds = 0.3,
        Commands = new Dictionary<string, string>(StringComparer.Ordinal) { ["deep/zram: reactor"] = "dmio bench --filename DEVICE" },
        Measurements = measurements,
    };

    /// <summary>One value of each round, from the first on.</summary>
    public static IEnumerable<Measurement> Series(Entrant entrant, string metric, params IReadOnlyList<double> values) =>
        Series(entrant, Tool.Dmio, metric, values);

    public static IEnumerable<Measurement> Series(Entrant entrant, Tool tool, string metric, params IReadOnlyList<double> values) =>
        values.Select((value, index) => new Measurement(
            index + 1, entrant.Contest, entrant.Contestant, tool, new Dictionary<string, double>(StringComparer.Ordinal) { [metric] = value }));
}
