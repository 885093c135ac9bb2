using System.CommandLine;
using System.CommandLine.Invocation;

namespace DmIoUring.Cli.Commands;

/// <summary>The command as a whole.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs dmio; the exit code.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation) =>
        RunAsync(CreateRoot(terminal), arguments, terminal, cancellation);

    /// <summary>dmio with its subcommands.</summary>
    public static RootCommand CreateRoot(Terminal terminal)
    {
        return new(
            "dm-io in user space: one buffer to several block devices at once over io_uring,\none error bit a device. Begin with: dmio demo\n\n" +
            "Options have fio's names; --time, --block-size, --depth, --threads do as well.\n\n" +
            "Exit codes: 0 all done; 1 a device failed, what the others got is complete; 2 refused or used wrongly, nothing was written; " +
            "3 all done, but standard output could not be written; 4 an unexpected error, what was written is not known; 130 interrupted.")
        {
            DemoCommand.Create(terminal),
            CopyCommand.Create(terminal),
            MirrorCommand.Create(terminal),
            StressCommand.Create(terminal),
            BenchCommand.Create(terminal),
            InfoCommand.Create(terminal),
            CompletionCommand.Create(terminal),
        };
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
        Vocabulary.AddAliases(root);
        HelpPage.AddTo(root, terminal.Program);

        // A path may begin with an @.
        ParseResult result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        result.InvocationConfiguration.Output = terminal.Output.Profile.Out.Writer;
        result.InvocationConfiguration.Error = terminal.Errors.Profile.Out.Writer;
        result.InvocationConfiguration.EnableDefaultExceptionHandler = false;

        // Signals come in as the token: nothing here may end the process while I/O is under way.
        result.InvocationConfiguration.ProcessTerminationTimeout = null;
        if (result.Action is not ParseErrorAction)
            return await result.InvokeAsync(result.InvocationConfiguration, cancellation);
        HelpPage help = new(terminal.Program, showsAll: false);
        if (result.Tokens.Count == 0 && root.Subcommands.Count > 0)
            terminal.Errors.Profile.Out.Writer.Write(help.Text(root));
        else
            terminal.WriteRefusal(UsageError.Of(result, help));
        return ExitCode.Refused;
    }
}
