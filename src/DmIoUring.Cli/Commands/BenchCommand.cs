using System.CommandLine;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio bench</c>.</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal)
    {
        BenchOptions options = new();
        OutputOptions output = new();
        PagedCommand command = new("bench", "IOPS, latencies, and what a request costs, in fio's vocabulary",
            "Measures this library: IOPS, latencies, and what a request costs. A write DESTROYS what is on the device.");
        foreach (Option option in options.All)
            command.Add(option);
        command.More.UnionWith(options.More);
        output.AddTo(command);
        command.SetAction((parsed, cancellation) =>
            RunAsync(options.Read(parsed), output.IsJson(parsed), terminal, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(BenchRequest request, bool json, Terminal terminal, CancellationToken cancellation)
    {
        BenchReport report = await MeasureAsync(request, BenchPlanner.MakeLoad, json, terminal, cancellation);
        if (json)
            terminal.WriteJson(report, ReportJson.Default.BenchReport);
        else
            BenchView.Show(terminal.Output, report);
        return report.ExitCode;
    }

    /// <summary>Checks, measures, and tells of what was refused or failed.</summary>
    public static async Task<BenchReport> MeasureAsync(
        BenchRequest request, Func<BenchRun, BenchLoad> makeLoad, bool json, Terminal terminal, CancellationToken cancellation)
    {
        IReadOnlyList<Refusal> refusals;
        CommandOutcome outcome = CommandOutcome.Refused;
        try
        {
            using BenchPlan? plan = BenchPlanner.Make(request, makeLoad, out refusals);
            if (plan is not null)
            {
                terminal.WriteNotes(plan.Notes);
                BenchMeasurement measurement = new(plan.Run, plan.Load);
                Task<BenchReport> task = measurement.RunAsync(cancellation);
                if (terminal.ShowsProgress && !json)
                    await BenchView.ShowProgressAsync(terminal.Errors, measurement, task);
                BenchReport report = await task;
                if (report.Failure is { } failure)
                    terminal.WriteRefusal(new Refusal(failure.Path, failure.Message, "The run ended there."));
                return report;
            }
        }
        catch (IoUringUnavailableException exception)
        {
            outcome = CommandOutcome.Failed;
            refusals = [new Refusal("", exception.Message, "Or measure without io_uring: --ring worker.")];
        }

        foreach (Refusal refusal in refusals)
            terminal.WriteRefusal(refusal);
        return new BenchReport { Outcome = outcome, Refusals = refusals, Settings = request };
    }
}
