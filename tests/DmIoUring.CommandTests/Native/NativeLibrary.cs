using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>libdmio, published once for all tests, when the first asks for it, as its users publish it, and C programs against it.</summary>
public sealed class NativeLibrary : IDisposable
{
    private readonly ScratchFolder _folder = ScratchFolder.Create();
    private readonly Lazy<string?> _obstacle;

    public NativeLibrary() => _obstacle = new Lazy<string?>(Publish);

    /// <summary>Where it is installed: include, lib. The test ends, failed or skipped, where it can't be.</summary>
    public string Prefix
    {
        get
        {
            Require.That(_obstacle.Value);
            return PrefixPath;
        }
    }

    public string FullPath => Path.Combine(Prefix, "lib", "libdmio.so");

    /// <summary>What was published for these sources already is in a folder that DMIO_PUBLISHED names.</summary>
    private string PrefixPath =>
        Environment.GetEnvironmentVariable("DMIO_PUBLISHED") is { } published && File.Exists(Path.Combine(published, Rid, "lib", "libdmio.so"))
            ? Path.Combine(published, Rid)
            : _folder.PathOf("prefix");

    private static string Rid => RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";

    /// <summary>A file or folder of the repository.</summary>
    public static string PathOf(string relative, [CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../..", relative));

    /// <summary>Compiles a C source of the repository against the library.</summary>
    /// <param name="source">The source.</param>
    /// <param name="flags">More of the compiler's flags.</param>
    /// <returns>The program.</returns>
    public string Compile(string source, params IEnumerable<string> flags)
    {
        string prefix = Prefix;
        string program = _folder.PathOf(Guid.NewGuid().ToString("N"));
        ChildProcess compiler = ChildProcess.Run(
            "cc",
            [
                "-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", .. flags, "-I" + Path.Combine(prefix, "include"), "-o", program, source,
                "-L" + Path.Combine(prefix, "lib"), "-ldmio", "-Wl,-rpath," + Path.Combine(prefix, "lib"), "-pthread",
            ])!;
        Assert.True(compiler.ExitCode == 0, compiler.Output + compiler.Errors);
        return program;
    }

    /// <summary>A path for something that a test makes.</summary>
    public string Scratch(string name) => _folder.PathOf(name);

    public void Dispose() => _folder.Dispose();

    private string? Publish()
    {
        if (ChildProcess.Run("cc", "--version") is null)
            return "there is no C compiler: apt-get install gcc libc6-dev";
        if (File.Exists(Path.Combine(PrefixPath, "lib", "libdmio.so")))
            return null;
        ChildProcess publish = ChildProcess.Run(
            DotNetHost.Path, "publish", PathOf("src/DmIoUring.Native"), "-c", "Release", "-r", Rid, "-o", PrefixPath,
            "--artifacts-path", _folder.PathOf("artifacts"), "-p:RunAnalyzers=false", "-nodeReuse:false")!;
        Assert.True(publish.ExitCode == 0, publish.Output + publish.Errors);
        return null;
    }
}
