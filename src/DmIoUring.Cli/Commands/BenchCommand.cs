using System.CommandLine;
using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio bench</c>.</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal)
    {
        BenchOptions options = new();
        Option<BenchOutputFormat> format = new("--output-format")
        {
            Description = "Text for a person, or one JSON document (normal).",
            HelpName = WordOption.Words<BenchOutputFormat>(),
            CustomParser = WordOption.Parse<BenchOutputFormat>,
        };
        Command command = new("bench",
            "Measure this library on a device, in fio's vocabulary: requests a second, latencies, and what each costs in " +
            "processor time, allocation and system calls. The queues are full before it measures, and nothing is allocated meanwhile.\n\n" +
            "A write DESTROYS what is on the devices that are named.");
        foreach (Option option in options.All)
            command.Add(option);
        command.Add(format);
        command.SetAction((parsed, cancellation) =>
            RunAsync(options.Read(parsed), parsed.GetValue(format) == BenchOutputFormat.Json, terminal, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(BenchRequest request, bool json, Terminal terminal, CancellationToken cancellation)
    {
        BenchReport report = await MeasureAsync(request, BenchPlanner.MakeLoad, json, terminal, cancellation);
        if (json)
            terminal.WriteJson(report, BenchJson.Default.BenchReport);
        else
            BenchView.Show(terminal.Output, report);
        return report.ExitCode;
    }

    /// <summary>Checks, measures, and tells of what was refused or failed.</summary>
    public static async Task<BenchReport> MeasureAsync(
        BenchRequest request, Func<BenchRun, BenchLoad> makeLoad, bool json, Terminal terminal, CancellationToken cancellation)
    {
        IReadOnlyList<Refusal> refusals;
        BenchOutcome outcome = BenchOutcome.Refused;
        try
        {
            using BenchPlan? plan = BenchPlanner.Make(request, makeLoad, out refusals);
            if (plan is not null)
            {
                terminal.WriteNotes(plan.Notes);
                BenchMeasurement measurement = new(plan);
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
            outcome = BenchOutcome.Failed;
            refusals = [new Refusal("", exception.Message, "Or measure without io_uring: --ring worker.")];
        }

        foreach (Refusal refusal in refusals)
            terminal.WriteRefusal(refusal);
        return new BenchReport { Outcome = outcome, Refusals = refusals, Settings = request };
    }
}
