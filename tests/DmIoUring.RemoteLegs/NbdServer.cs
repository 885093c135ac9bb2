using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.RemoteLegs;

/// <summary>nbdkit with a file, which keeps what was written when the server is killed.</summary>
internal sealed class NbdServer : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dmio-nbd").FullName;
    private readonly string _file;
    private Process _process;

    public NbdServer()
    {
        _file = Path.Combine(_folder, "medium");
        Socket = Path.Combine(_folder, "server");
        Medium = File.OpenHandle(_file, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(Medium, RemoteLeg.Size);
        _process = Start();
    }

    /// <summary>Where it listens.</summary>
    public string Socket { get; }

    public SafeFileHandle Medium { get; }

    /// <summary>Stops the process, and returns when every thread of it has stopped.</summary>
    public void Stop()
    {
        Tool.Run("kill", "-STOP", Id);
        Tool.WaitFor("the server's threads to stop", () => Array.TrueForAll(
            Directory.GetDirectories($"/proc/{Id}/task"), static thread => File.ReadAllText(thread + "/stat").Split(") ")[^1].StartsWith('T')));
    }

    public void GoOn() => Tool.Run("kill", "-CONT", Id);

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>A new server with what the one that was killed has left.</summary>
    public void StartAgain()
    {
        File.Delete(Socket);
        _process.Dispose();
        _process = Start();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        Medium.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Id => _process.Id.ToString(CultureInfo.InvariantCulture);

    private Process Start()
    {
        Process process = Tool.Start("nbdkit", "-f", "-U", Socket, "file", _file);
        Tool.WaitFor("nbdkit", () => File.Exists(Socket));
        return process;
    }
}
