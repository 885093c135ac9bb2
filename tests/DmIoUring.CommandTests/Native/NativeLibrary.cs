using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>libdmio, published once for all tests as its users publish it, and C programs against it.</summary>
public sealed class NativeLibrary : IDisposable
{
    private readonly ScratchFolder _folder = ScratchFolder.Create();
    private readonly string? _obstacle;

    public NativeLibrary()
    {
        Prefix = _folder.PathOf("prefix");
        _obstacle = ChildProcess.Run("cc", "--version") is null ? "there is no C compiler: apt-get install gcc libc6-dev" : null;
        if (_obstacle is not null)
            return;
        string rid = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        if (Environment.GetEnvironmentVariable("DMIO_PUBLISHED") is { } published && File.Exists(Path.Combine(published, rid, "lib", "libdmio.so")))
        {
            Prefix = Path.Combine(published, rid);
            return;
        }

        ChildProcess publish = ChildProcess.Run(
            DotNetHost.Path, "publish", PathOf("src/DmIoUring.Native"), "-c", "Release", "-r", rid, "-o", Prefix,
            "--artifacts-path", _folder.PathOf("artifacts"), "-p:RunAnalyzers=false", "-nodeReuse:false")!;
        Assert.True(publish.ExitCode == 0, publish.Output + publish.Errors);
    }

    /// <summary>Where it is installed: include, lib. What was published for these sources already is in a folder that DMIO_PUBLISHED names.</summary>
    public string Prefix { get; }

    public string FullPath => Path.Combine(Prefix, "lib", "libdmio.so");

    /// <summary>A file or folder of the repository.</summary>
    public static string PathOf(string relative, [CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../..", relative));

    /// <summary>Compiles a C source of the repository against the library.</summary>
    /// <param name="source">The source.</param>
    /// <param name="flags">More of the compiler's flags.</param>
    /// <returns>The program.</returns>
    public string Compile(string source, params IEnumerable<string> flags)
    {
        Require.That(_obstacle);
        string program = _folder.PathOf(Guid.NewGuid().ToString("N"));
        ChildProcess compiler = ChildProcess.Run(
            "cc",
            [
                "-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", .. flags, "-I" + Path.Combine(Prefix, "include"), "-o", program, source,
                "-L" + Path.Combine(Prefix, "lib"), "-ldmio", "-Wl,-rpath," + Path.Combine(Prefix, "lib"), "-pthread",
            ])!;
        Assert.True(compiler.ExitCode == 0, compiler.Output + compiler.Errors);
        return program;
    }

    /// <summary>A path for something that a test makes.</summary>
    public string Scratch(string name) => _folder.PathOf(name);

    public void Dispose() => _folder.Dispose();
}
