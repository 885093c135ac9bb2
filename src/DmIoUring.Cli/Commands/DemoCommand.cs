using System.CommandLine;
using DmIoUring.Cli.Demo;
using Spectre.Console;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio demo</c>.</summary>
internal static class DemoCommand
{
    public static Command Create(Terminal terminal)
    {
        OutputOptions output = new();
        PagedCommand command = new("demo", "three devices, one of which fails: the bits, what still works, what it costs",
            "Writes three devices at once, one of which shrinks in use, reads them back, and compares with RandomAccess. " +
            "As root they are loop devices over files in TMPDIR, otherwise plain files; nothing is left behind.");
        output.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(new DemoSize(), output.IsJson(parsed), terminal, cancellation));
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
            return report.ExitCode;
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
