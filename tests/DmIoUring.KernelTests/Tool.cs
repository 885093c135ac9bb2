using System.Diagnostics;

namespace DmIoUring.KernelTests;

/// <summary>Programs of the machine: dmsetup, mdadm.</summary>
internal static class Tool
{
    /// <summary>What it printed; throws what it complained of when it failed.</summary>
    public static string Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new IOException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.Result.Trim()}");
    }

    /// <summary>Whether this machine has it.</summary>
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static Process Start(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    })!;
}
