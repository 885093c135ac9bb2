using System.CommandLine;
using System.CommandLine.Invocation;

namespace DmIoUring.Cli.Commands;

/// <summary>The command as a whole.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs dmio; the exit code.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        RootCommand root = new(
            "dm-io in user space: one buffer to several block devices at once over io_uring, one error bit a device.\n\n" +
            "Begin with: dmio demo\n\n" +
            "Exit codes: 0 all done. 1 a device failed; what the others got is complete. " +
            "2 refused or used wrongly, nothing was written. 3 all done, but standard output could not be written. " +
            "4 an unexpected error; what was written is not known. 130 interrupted.")
        {
            DemoCommand.Create(terminal),
            CopyCommand.Create(terminal),
            StressCommand.Create(terminal),
            BenchCommand.Create(terminal),
            InfoCommand.Create(terminal),
        };
        return RunAsync(root, arguments, terminal, cancellation);
    }

    /// <summary>
    /// Parses and runs a command of this kind: errors of usage end with 2, signals are a token. Whatever is thrown ends here, as one line
    /// and an exit code.
    /// </summary>
    public static async Task<int> RunAsync(RootCommand root, IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        int exitCode;
        try
        {
            exitCode = await InvokeAsync(root, arguments, terminal, cancellation);
        }
        catch (Exception exception)
        {
            (Refusal line, exitCode) = ErrorReport.Of(exception);
            terminal.WriteRefusal(line);
        }

        return terminal.End(exitCode);
    }

    private static async Task<int> InvokeAsync(RootCommand root, IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        RawArguments.ThrowIfNotUtf8(arguments);
        ParseResult result = root.Parse(arguments);
        InvocationConfiguration configuration = new()
        {
            Output = terminal.Output.Profile.Out.Writer,
            Error = terminal.Errors.Profile.Out.Writer,
            EnableDefaultExceptionHandler = false,

            // Signals come in as the token: nothing here may end the process while I/O is under way.
            ProcessTerminationTimeout = null,
        };
        if (result.Action is ParseErrorAction usage)
            return ReportUsageError(usage, result, arguments, configuration, terminal.Program);
        return await result.InvokeAsync(configuration, cancellation);
    }

    /// <summary>The library's own answer with its suggestions, but for the page of help after it, and exit code 2.</summary>
    private static int ReportUsageError(
        ParseErrorAction usage, ParseResult result, IReadOnlyList<string> arguments, InvocationConfiguration configuration, string program)
    {
        bool bare = result.Tokens.Count == 0;
        usage.ShowHelp = bare;
        TextWriter errors = configuration.Error;
        StringWriter text = new();
        configuration.Output = text;
        configuration.Error = text;
        result.Invoke(configuration);

        // It repeats what the user typed, newlines too, which must not become lines of the message.
        foreach (string typed in arguments.Concat(result.Tokens.Select(token => token.Value)).Where(typed => typed.Length > 0))
            text.GetStringBuilder().Replace(typed, Printable.Of(typed));
        foreach (string line in text.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
            errors.WriteLine(Printable.Of(line));
        string command = result.CommandResult.Command is RootCommand ? program : program + " " + result.CommandResult.Command.Name;
        if (!bare)
            errors.WriteLine($"Try '{command} --help'.");
        return ExitCode.Refused;
    }
}
