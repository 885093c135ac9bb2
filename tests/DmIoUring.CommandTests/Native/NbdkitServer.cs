using System.Diagnostics;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>nbdkit with the plugin, until <see cref="Stop"/>, which ends it as a host would, or until the test ends.</summary>
internal sealed class NbdkitServer : IDisposable
{
    /// <summary>A hang guard, not a measure.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ScratchFolder _folder = ScratchFolder.Create();
    private readonly Process _process;
    private readonly Task<string> _log;
    private readonly Task<string> _output;

    private NbdkitServer(string plugin, IEnumerable<string> parameters)
    {
        string process = _folder.PathOf("pid"), socket = _folder.PathOf("socket");
        Uri = "nbd+unix:///?socket=" + socket;
        _process = Process.Start(new ProcessStartInfo("nbdkit", ["-f", "--exit-with-parent", "-U", socket, "-P", process, plugin, .. parameters])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _log = _process.StandardError.ReadToEndAsync();

        // Written when it listens; the plugin opens its legs after that, and clients wait.
        Wait(() => File.Exists(process) || _process.HasExited, "listens");
    }

    public string Uri { get; }

    /// <summary>Bytes.</summary>
    public int Size => int.Parse(Client("nbdinfo", "--size", Uri).Output, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Starts it.</summary>
    public static NbdkitServer Start(string plugin, params IEnumerable<string> parameters)
    {
        NbdkitServer server = new(plugin, parameters);
        if (ChildProcess.Run("timeout", "60", "nbdinfo", "--size", server.Uri)!.ExitCode == 0)
            return server;
        server.Dispose();
        throw new InvalidOperationException(server._log.GetAwaiter().GetResult());
    }

    /// <summary>Runs a client to its end, which must be well.</summary>
    public static ChildProcess Client(string program, params IEnumerable<string> arguments)
    {
        ChildProcess run = ChildProcess.Run("timeout", ["-k", "5", "60", program, .. arguments])!;
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        return run;
    }

    /// <summary>Waits until the export's description has a text.</summary>
    public void WaitForDescription(string part) => Wait(() => Client("nbdinfo", Uri).Output.Contains(part, StringComparison.Ordinal), part);

    /// <summary>Ends it.</summary>
    /// <returns>What it said.</returns>
    public string Stop()
    {
        _ = ChildProcess.Run("kill", $"{_process.Id}");
        Assert.True(_process.WaitForExit(Limit), "nbdkit does not end");
        return _log.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _ = _output.GetAwaiter().GetResult();
        _process.Dispose();
        _folder.Dispose();
    }

    private static void Wait(Func<bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Limit, $"It never came: {what}.");
            Thread.Sleep(50);
        }
    }
}
