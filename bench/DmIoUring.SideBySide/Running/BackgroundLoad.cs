using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace DmIoUring.SideBySide.Running;

/// <summary>A process that keeps one processor busy, until it is disposed.</summary>
internal sealed class BackgroundLoad : IDisposable
{
    private readonly Process _process;

    private BackgroundLoad(Process process) => _process = process;

    /// <summary>Starts it.</summary>
    /// <param name="limit">It ends after this time by itself, should this process be killed.</param>
    /// <exception cref="ChildException">There is no shell, or no timeout.</exception>
    public static BackgroundLoad Start(TimeSpan limit)
    {
        string seconds = Math.Ceiling(limit.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        ProcessStartInfo start = new("timeout", [seconds, "sh", "-c", "while :; do :; done"]) { UseShellExecute = false };
        try
        {
            return new BackgroundLoad(Process.Start(start)!);
        }
        catch (Win32Exception exception)
        {
            throw new ChildException($"timeout can't be started: {exception.Message}");
        }
    }

    /// <summary>Call it when the run has ended that needed the load.</summary>
    /// <exception cref="ChildException">The load ended before.</exception>
    public void CheckStillRuns()
    {
        if (_process.HasExited)
            throw new ChildException($"The load that was to keep a processor busy ended before the run did, with exit code {_process.ExitCode}.");
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
