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
            Description = "Block devices or regular files.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> json = new("--json") { Description = "Print one JSON document instead of text." };
        Command command = new("info", "Show sizes, alignments and abilities of devices, and what this host's io_uring can do.")
        {
            paths, json,
        };
        paths.Validators.Add(PathArgument.Check);
        command.SetAction(parsed =>
        {
            InfoReport report = InfoProbe.Run(parsed.GetValue(paths)!);
            foreach (Refusal refusal in report.Refusals)
                terminal.WriteRefusal(refusal);
            if (parsed.GetValue(json))
                terminal.WriteJson(report, ReportJson.Default.InfoReport);
            else
                InfoView.Show(terminal, report);
            return report.ExitCode;
        });
        return command;
    }
}
