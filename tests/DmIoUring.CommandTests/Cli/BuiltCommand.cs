using System.Diagnostics;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>The built dmio as a process of its own.</summary>
internal static class BuiltCommand
{
    public static string Assembly => Path.Combine(AppContext.BaseDirectory, "dmio.dll");

    /// <summary>Runs it to its end.</summary>
    public static ChildProcess Run(params string[] arguments) => ChildProcess.Run(DotNetHost.Path, [Assembly, .. arguments])!;

    /// <summary>Starts it with its temporary files in a folder; nobody listens to what it says.</summary>
    public static Process StartIn(string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(DotNetHost.Path, [Assembly, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["TMPDIR"] = folder;
        return Process.Start(start)!;
    }
}
