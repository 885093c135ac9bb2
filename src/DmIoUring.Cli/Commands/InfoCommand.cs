using System.CommandLine;
using DmIoUring.Cli.Info;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio info</c>.</summary>
internal static class InfoCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> paths = new("PATH")
        {
            Description = "block devices or regular files",
            Arity = ArgumentArity.OneOrMore,
        };
        OutputOptions output = new();
        PagedCommand command = new("info", "sizes, alignments and abilities of devices, and what io_uring can do here",
            "Shows sizes, alignments and abilities of devices, and what this host's io_uring can do. Writes nothing.")
        {
            paths,
        };
        output.AddTo(command);
        paths.Validators.Add(PathArgument.Check);
        command.SetAction(parsed =>
        {
            InfoReport report = InfoProbe.Run(parsed.GetValue(paths)!);
            foreach (Refusal refusal in report.Refusals)
                terminal.WriteRefusal(refusal);
            if (output.IsJson(parsed))
                terminal.WriteJson(report, ReportJson.Default.InfoReport);
            else
                InfoView.Show(terminal, report);
            return report.ExitCode;
        });
        return command;
    }
}
