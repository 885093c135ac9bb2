using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>A copy of the simulation in a folder of its own, over a library compiled for it.</summary>
internal sealed partial class SimulatedBuild : IDisposable
{
    private readonly ScratchFolder _folder = ScratchFolder.Create();

    public SimulatedBuild(Mutation? mutation)
    {
        foreach (string part in Parts())
            File.Copy(Path.Combine(AppContext.BaseDirectory, part), _folder.PathOf(Path.GetFileName(part)));
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

    /// <summary>
    /// The program's files, as its build has listed them, but for the library. Of an assembly that there is for each kind of machine, this machine's.
    /// </summary>
    private static IEnumerable<string> Parts()
    {
        using JsonDocument listed = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "dmio-sim.deps.json")));
        return
        [
            "dmio-sim.runtimeconfig.json",
            .. Assemblies(listed, "runtime").Select(static assembly => Path.GetFileName(assembly.Name))
                .Concat(Assemblies(listed, "runtimeTargets").Where(IsForThisMachine).Select(static assembly => assembly.Name))
                .Where(static file => !string.Equals(file, "DmIoUring.dll", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<JsonProperty> Assemblies(JsonDocument listed, string kind) => listed.RootElement.GetProperty("targets").EnumerateObject()
        .SelectMany(static target => target.Value.EnumerateObject())
        .SelectMany(library => library.Value.TryGetProperty(kind, out JsonElement assemblies) ? assemblies.EnumerateObject() : []);

    private static bool IsForThisMachine(JsonProperty assembly) => string.Equals(
        assembly.Value.GetProperty("rid").GetString(), $"linux-{RuntimeInformation.ProcessArchitecture}", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^seed (?<seed>\d+) failed: (?<what>.*)$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Failed();
}
