using System.CommandLine;
using DmIoUring.Cli.Demo;
using Spectre.Console;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio demo</c>.</summary>
internal static class DemoCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<bool> json = new("--json") { Description = "Print one JSON document instead of text." };
        Command command = new("demo",
            "Write three devices at once, one of which shrinks in use, read them back, and compare with RandomAccess. " +
            "As root they are loop devices over files in TMPDIR, otherwise plain files; nothing is left behind.")
        {
            json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(new DemoSize(), parsed.GetValue(json), terminal, cancellation));
        return command;
    }

    internal static async Task<int> RunAsync(DemoSize size, bool json, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            DemoReport report = terminal.ShowsProgress && !json
                ? await terminal.Errors.Status().StartAsync("starting", context =>
                    DemoRun.RunAsync(size, step => context.Status(step.EscapeMarkup()), cancellation))
                : await DemoRun.RunAsync(size, static _ => { }, cancellation);
            if (json)
                terminal.WriteJson(report, ReportJson.Default.DemoReport);
            else
                DemoView.Show(terminal.Output, report);
            return report.IsAsExpected ? ExitCode.Success : ExitCode.DeviceFailed;
        }
        catch (OperationCanceledException)
        {
            terminal.WriteRefusal(new Refusal("", "interrupted; everything made for the demo is gone", ""));
            return ExitCode.Interrupted;
        }
        catch (IoUringUnavailableException exception)
        {
            terminal.WriteRefusal(new Refusal("", exception.Message, ""));
            return ExitCode.Refused;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            terminal.WriteRefusal(new Refusal("", exception.Message, "It needs some hundred MiB in TMPDIR, and no lower limit of a file's size (ulimit -f)."));
            return ExitCode.DeviceFailed;
        }
    }
}
