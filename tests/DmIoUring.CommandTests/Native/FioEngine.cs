using System.Text.Json;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>fio with the engine over libdmio, which is built against the source of the fio that is installed.</summary>
public sealed class FioEngine : IDisposable
{
    /// <summary>build's exit code where the source can't be fetched.</summary>
    private const int NoSource = 3;

    private readonly ScratchFolder _folder = ScratchFolder.Create();
    private readonly NativeLibrary _library;
    private readonly Lazy<string?> _obstacle;

    public FioEngine(NativeLibrary library)
    {
        _library = library;
        _obstacle = new Lazy<string?>(Build);
    }

    private string Engine => _folder.PathOf("dmio.so");

    /// <summary>A file of zeroes.</summary>
    /// <returns>Its path.</returns>
    internal static string NewFile(ScratchFolder folder, string name, int bytes)
    {
        File.WriteAllBytes(folder.PathOf(name), new byte[bytes]);
        return folder.PathOf(name);
    }

    /// <summary>Runs one job of the engine's. Direct I/O of 4 KiB, 16 under way, where the arguments say nothing else.</summary>
    /// <param name="arguments">fio's options after the job's name and the engine.</param>
    /// <returns>How it ended.</returns>
    internal ChildProcess Run(params IEnumerable<string> arguments)
    {
        Require.That(_obstacle.Value);
        return RunIn([], arguments);
    }

    /// <summary>As <see cref="Run"/>, and every poll of the engine fails from the tenth on.</summary>
    /// <param name="arguments">fio's options after the job's name and the engine.</param>
    /// <returns>How it ended.</returns>
    internal ChildProcess RunWithPollsThatFail(params IEnumerable<string> arguments)
    {
        Require.That(_obstacle.Value);
        return RunIn(["LD_PRELOAD=" + _library.Compile(NativeLibrary.PathOf("tests/native/failing-poll.c"), "-shared", "-fPIC")], arguments);
    }

    /// <summary>As <see cref="Run"/>, of a job that succeeds.</summary>
    /// <returns>What it said.</returns>
    internal string Pass(params IEnumerable<string> arguments)
    {
        ChildProcess run = Run(arguments);
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        return run.Output + run.Errors;
    }

    /// <summary>As <see cref="Pass"/>.</summary>
    /// <returns>What fio's report in JSON has of the job.</returns>
    internal JsonElement Report(params IEnumerable<string> arguments)
    {
        string path = _folder.PathOf(Guid.NewGuid().ToString("N"));
        _ = Pass([.. arguments, "--output-format=json", "--output=" + path]);
        string report = File.ReadAllText(path);
        using JsonDocument document = JsonDocument.Parse(report[report.IndexOf('{', StringComparison.Ordinal)..]);
        return document.RootElement.GetProperty("jobs")[0].Clone();
    }

    /// <summary>As <see cref="Run"/>, of a job that fails by itself: not by a signal and not by the time limit.</summary>
    /// <returns>What it said.</returns>
    internal string Fail(params IEnumerable<string> arguments)
    {
        ChildProcess run = Run(arguments);
        string said = run.Output + run.Errors;
        Assert.True(run.ExitCode is > 0 and < 124, $"{run.ExitCode}: {said}");
        Assert.DoesNotContain("got signal", said, StringComparison.Ordinal);
        return said;
    }

    public void Dispose() => _folder.Dispose();

    private ChildProcess RunIn(IEnumerable<string> environment, IEnumerable<string> arguments) => ChildProcess.Run(
        "timeout",
        [
            "-k", "5", "60", "env", .. environment,
            "fio", "--name=job", "--ioengine=external:" + Engine, "--direct=1", "--bs=4k", "--iodepth=16", "--randrepeat=0", .. arguments,
        ])!;

    private string? Build()
    {
        if (ChildProcess.Run("fio", "--version") is null)
            return "there is no fio: apt-get install fio";
        ChildProcess build = ChildProcess.Run(
            "env", "DMIO_PREFIX=" + _library.Prefix, "timeout", "-k", "5", "300", NativeLibrary.PathOf("src/DmIoUring.Native/fio/build"), Engine)!;
        if (build.ExitCode == NoSource)
            return build.Errors.Trim().Split('\n')[^1];
        Assert.True(build.ExitCode == 0, build.Output + build.Errors);
        return null;
    }
}
