using System.ComponentModel;
using System.Diagnostics;

namespace DmIoUring.SideBySide.Running;

/// <summary>A program run to its end.</summary>
internal static class Child
{
    /// <summary>What is neither a measured run nor a trial takes no time.</summary>
    private static readonly TimeSpan ShortLimit = TimeSpan.FromSeconds(60);

    public static Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation) =>
        RunAsync(program, arguments, input: "", ShortLimit, cancellation);

    /// <summary>Gives it its input, and returns what it said on standard output.</summary>
    /// <exception cref="ChildException">It is not there, ended with another code than 0, or did not end in time.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, string input, TimeSpan limit, CancellationToken cancellation)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string command = CommandText.Of(program, start.ArgumentList);
        using Process process = Start(start, command);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await WriteAsync(process, input);

        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new ChildException($"{command}\ndid not end in {limit.TotalSeconds} s. It said:\n{await errors}{await output}");
        }

        return process.ExitCode == 0
            ? await output
            : throw new ChildException($"{command}\nended with {process.ExitCode}. It said:\n{await errors}{await output}");
    }

    private static Process Start(ProcessStartInfo start, string command)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new ChildException($"{command}\ncan't be started: {exception.Message}");
        }
    }

    private static async Task WriteAsync(Process process, string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything; its exit code says why.
        }
    }
}
