using System.Globalization;
using System.Text.RegularExpressions;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>A copy of the simulation in a folder of its own, over a library compiled for it.</summary>
internal sealed partial class SimulatedBuild : IDisposable
{
    private static readonly string[] Parts =
        ["dmio-sim.dll", "dmio-sim.runtimeconfig.json", "DmIoUring.Interop.dll", "Spectre.Console.dll", "Spectre.Console.Ansi.dll", "System.CommandLine.dll"];

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    public SimulatedBuild(Mutation? mutation)
    {
        foreach (string part in Parts)
            File.Copy(Path.Combine(AppContext.BaseDirectory, part), _folder.PathOf(part));
        MutatedLibrary.Compile(mutation, _folder.PathOf("DmIoUring.dll"));
    }

    /// <summary>Runs seeds.</summary>
    public ChildProcess Run(params string[] arguments) =>
        ChildProcess.Run(DotNetHost.Path, [_folder.PathOf("dmio-sim.dll"), "run", .. arguments])!;

    /// <summary>What the simulation says of the seed that failed; null when none did.</summary>
    public static string? ViolationIn(ChildProcess run)
    {
        Match match = Failed().Match(run.Output);
        return match.Success ? string.Create(CultureInfo.InvariantCulture, $"seed {match.Groups["seed"]}: {match.Groups["what"]}") : null;
    }

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex(@"^seed (?<seed>\d+) failed: (?<what>.*)$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Failed();
}
