using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using DmIoUring.Cli;
using DmIoUring.Cli.Commands;
using DmIoUring.SideBySide.Contests;
using DmIoUring.SideBySide.Reporting;
using DmIoUring.SideBySide.Results;
using DmIoUring.SideBySide.Running;
using DmIoUring.SideBySide.Targets;

namespace DmIoUring.SideBySide;

/// <summary>The command: measure, keep, report.</summary>
internal static class SideBySideCommand
{
    public const string Program = "side-by-side";

    public static Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        Option<int> rounds = new("--rounds")
        {
            Description = $"how often each contestant runs ({SideBySideRequest.DefaultRounds})",
            HelpName = "N",
            DefaultValueFactory = _ => SideBySideRequest.DefaultRounds,
            CustomParser = result => NumberOption.ParseCount(result, least: 1, SideBySideRequest.MostRounds),
        };
        Option<TimeSpan> runtime = new(Vocabulary.Runtime)
        {
            Description = $"how long each run measures ({TimeOption.Text(SideBySideRequest.DefaultRuntime)})",
            HelpName = "TIME",
            DefaultValueFactory = _ => SideBySideRequest.DefaultRuntime,
            CustomParser = TimeOption.Parse,
        };
        Option<TimeSpan> ramp = new(Vocabulary.Ramp)
        {
            Description = $"how long it runs before that ({TimeOption.Text(SideBySideRequest.DefaultRamp)})",
            HelpName = "TIME",
            DefaultValueFactory = _ => SideBySideRequest.DefaultRamp,
            CustomParser = result => TimeOption.Parse(result, mayBeZero: true),
        };
        Option<string[]> only = new("--only")
        {
            Description = $"only what these targets need, with commas between them: {string.Join(", ", Selection.Known)}; the report goes to artifacts/side-by-side then",
            HelpName = "LETTERS",
            DefaultValueFactory = static _ => [],
            CustomParser = ParseOnly,
        };
        Option<string?> fuaDevice = new("--fua-device")
        {
            Description = "a block device with FUA, what is on it is DESTROYED: durable writes are measured on it too (none)",
            HelpName = "DEVICE",
        };
        Option<bool> reportOnly = new("--report-only") { Description = "measure nothing: make the report again from results.json" };
        Option<string?> output = new("--output") { Description = "folder of results.json, RESULTS.md and plots (bench)", HelpName = "FOLDER" };
        RootCommand root = new(
            "Runs dmio bench, what it is compared with, and fio alternately on devices of its own, and writes RESULTS.md: " +
            "what each target came to, plots, every median.\n\nExit codes: 0 done, whatever was reached. 1 a run failed; nothing was written. 2 used wrongly.")
        {
            rounds, runtime, ramp, only, fuaDevice, reportOnly, output,
        };
        root.SetAction((parsed, token) =>
        {
            SideBySideRequest request = new()
            {
                Rounds = parsed.GetValue(rounds),
                Runtime = parsed.GetValue(runtime),
                Ramp = parsed.GetValue(ramp),
                Only = parsed.GetValue(only)!,
                FuaDevice = parsed.GetValue(fuaDevice),
                ReportOnly = parsed.GetValue(reportOnly),
                Output = parsed.GetValue(output),
            };
            return RunAsync(request, terminal, token);
        });
        return CommandLine.RunAsync(root, arguments, terminal, cancellation);
    }

    private static async Task<int> RunAsync(SideBySideRequest request, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            Toolset tools = Toolset.Find();

            // Part of the figures is no report of the project: that stays as it is.
            string folder = request.Output ?? Path.Combine(tools.Root, request.Only.Count > 0 ? "artifacts/side-by-side" : "bench");
            ReportFolder report = new(folder, Path.Combine(tools.Root, "bench/notes"));
            Session session;
            if (request.ReportOnly)
            {
                session = report.Read();
            }
            else
            {
                session = await MeasureAsync(tools, request, terminal.Errors.Profile.Out.Writer, cancellation);
                report.Write(session);
            }

            terminal.Output.Profile.Out.Writer.WriteLine(await report.ReportAsync(session, cancellation));
            return ExitCode.Success;
        }
        catch (Exception exception) when (exception is ChildException or IOException or UnauthorizedAccessException or JsonException)
        {
            terminal.WriteRefusal(new Refusal("", exception.Message, ""));
            return ExitCode.DeviceFailed;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    private static async Task<Session> MeasureAsync(Toolset tools, SideBySideRequest request, TextWriter progress, CancellationToken cancellation)
    {
        using TestBed bed = new(request.FuaDevice);
        IReadOnlyList<Contest> all = Selection.Contests(request.Only);
        IReadOnlyList<Contest> offered = [.. all.Where(contest => bed.WhyNotOffered(contest.On) is null)];
        foreach (Contest contest in all.Except(offered))
            progress.WriteLine($"not measured: {contest.Id}: {bed.WhyNotOffered(contest.On)}");
        return await new Tournament(tools, new Launch(request.Runtime, request.Ramp), request.Rounds, offered, bed, progress).RunAsync(cancellation);
    }

    private static string[] ParseOnly(ArgumentResult result)
    {
        string[] words = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || words.FirstOrDefault(static word => !Selection.Known.Contains(word, StringComparer.Ordinal)) is not null)
            result.AddError($"--only '{result.Tokens[0].Value}' must be some of {string.Join(", ", Selection.Known)}, with commas between them");
        return words;
    }
}
