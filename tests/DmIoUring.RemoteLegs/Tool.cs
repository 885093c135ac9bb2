using System.Diagnostics;

namespace DmIoUring.RemoteLegs;

/// <summary>Other programs.</summary>
internal static class Tool
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="CheckException">It failed, or did not end.</exception>
    public static void Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        if (!process.WaitForExit(Limit))
            throw new CheckException($"{program} {string.Join(' ', arguments)} does not end");
        if (process.ExitCode != 0)
            throw new CheckException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    /// <summary>Starts a program; what it prints is dropped.</summary>
    public static Process Start(string program, params string[] arguments)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1 </dev/null", program, .. arguments]);
        return Process.Start(start)!;
    }

    public static bool IsThere(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    public static void WaitFor(string what, Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
                throw new CheckException($"waited {Limit.TotalSeconds} s for {what}");
            Thread.Sleep(10);
        }
    }
}
