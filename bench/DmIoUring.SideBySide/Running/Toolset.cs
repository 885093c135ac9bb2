using DmIoUring.SideBySide.Contests;

namespace DmIoUring.SideBySide.Running;

/// <summary>The programs, as they were built beside this one.</summary>
internal sealed class Toolset
{
    private const string Solution = "DmIoUring.sln";

    /// <summary>bin/Release/net10.0, the same for all.</summary>
    private readonly string _output;

    private Toolset(string root, string output)
    {
        Root = root;
        _output = output;
    }

    /// <summary>The repository.</summary>
    public string Root { get; }

    /// <summary>Looks for them from where this program is.</summary>
    /// <exception cref="ChildException">This program is not where it was built.</exception>
    public static Toolset Find()
    {
        string here = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        for (DirectoryInfo? folder = new(here); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Solution)))
            {
                string output = here[here.LastIndexOf("/bin/", StringComparison.Ordinal)..];
                return new Toolset(folder.FullName, output.TrimStart('/'));
            }
        }

        throw new ChildException($"There is no {Solution} in any folder above {here}: run bench/side-by-side in the repository.");
    }

    /// <summary>Runs a contestant and takes its figures.</summary>
    /// <exception cref="ChildException">It failed.</exception>
    public async Task<IReadOnlyDictionary<string, double>> RunAsync(
        Contestant contestant, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken cancellation)
    {
        string? assembly = contestant.Tool switch
        {
            Tool.Dmio => Built("src/DmIoUring.Cli", "dmio.dll"),
            Tool.Peers => Built("bench/DmIoUring.Peers", "dmio-peers.dll"),
            Tool.Trial => Built("bench/DmIoUring.Benchmarks", "DmIoUring.Benchmarks.dll"),
            _ => null,
        };
        string output = assembly is null
            ? await Child.RunAsync("fio", arguments, input: "", limit, cancellation)
            : await Child.RunAsync(Host, [assembly, .. arguments], input: "", limit, cancellation);
        return Readings.Of(contestant.Tool, output);
    }

    private static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private string Built(string project, string assembly) => Path.Combine(Root, project, _output, assembly);
}
