using System.Globalization;
using DmIoUring.SideBySide.Contests;

namespace DmIoUring.SideBySide.Running;

/// <summary>How a contestant is started.</summary>
/// <param name="Runtime">How long is measured.</param>
/// <param name="Ramp">How long it runs before that.</param>
internal sealed record Launch(TimeSpan Runtime, TimeSpan Ramp)
{
    /// <summary>What follows the program's name.</summary>
    public IReadOnlyList<string> Arguments(Contestant contestant, string filename) => contestant.Tool switch
    {
        Tool.Dmio => ["bench", "--filename", filename, .. contestant.Arguments, .. Times],
        Tool.Peers => [contestant.Arguments[0], "--filename", filename, .. contestant.Arguments.Skip(1), .. Times],
        Tool.Fio =>
        [
            "--name=side-by-side", "--filename=" + filename, .. contestant.Arguments, "--time_based",
            Milliseconds("--runtime", Runtime), Milliseconds("--ramp_time", Ramp), "--output-format=json",
        ],
        _ => contestant.Arguments,
    };

    /// <summary>The command for the report, wherever it was built and whatever number its device had.</summary>
    public string Describe(Contestant contestant) =>
        CommandText.Of(Program(contestant.Tool), Arguments(contestant, "DEVICE"));

    private IReadOnlyList<string> Times => ["--runtime", Seconds(Runtime), "--ramp", Seconds(Ramp), "--output-format", "json"];

    private static string Program(Tool tool) => tool switch
    {
        Tool.Dmio => "dmio",
        Tool.Peers => "dmio-peers",
        Tool.Fio => "fio",
        _ => "DmIoUring.Benchmarks",
    };

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(string option, TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{option}={time.TotalMilliseconds:0}ms");
}
