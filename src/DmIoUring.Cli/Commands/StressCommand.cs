using System.CommandLine;
using DmIoUring.Cli.Stress;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio stress</c>.</summary>
internal static class StressCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> paths = new("PATH")
        {
            Description = "Block devices or regular files, at most 64. EVERYTHING ON THEM IS DESTROYED. Without any it makes two loop devices and a file, and removes them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<TimeSpan> time = new("--time", "--seconds")
        {
            Description = "How long, in seconds, or with s, m or h after the number.",
            HelpName = "TIME",
            DefaultValueFactory = _ => StressRequest.DefaultTime,
            CustomParser = TimeOption.Parse,
        };
        Option<ulong?> seed = new("--seed") { Description = "For the same operations again, thread by thread; their interleaving differs.", HelpName = "S" };
        Option<int> threads = new("--threads")
        {
            Description = "Threads, 1 to 64.",
            HelpName = "N",
            DefaultValueFactory = _ => StressRequest.DefaultThreads,
            CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 64),
        };
        Option<int> depth = new("--depth")
        {
            Description = "Operations that each thread keeps under way, 1 to 64.",
            HelpName = "D",
            DefaultValueFactory = _ => StressRequest.DefaultDepth,
            CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 64),
        };
        Option<int> size = new("--size")
        {
            Description = "How much of each device is used, 1M to 1024M; K and M are understood.",
            HelpName = "BYTES",
            DefaultValueFactory = _ => StressRequest.DefaultSize,
            CustomParser = result => NumberOption.ParseSize(result, StressRequest.LeastSize, StressRequest.MostSize, multiple: 65536),
        };
        Option<bool> faults = new("--faults") { Description = "Break and mend devices meanwhile; only devices of its own." };
        Option<bool> files = new("--files") { Description = "Make plain files, no loop devices." };
        Option<bool> destroy = new("--destroy") { Description = "Yes, overwrite block devices and files that are not empty." };
        Option<bool> force = new("--force") { Description = "Use block devices that are mounted or claimed by another program." };
        Option<bool> json = new("--json") { Description = "Print one JSON document instead of text." };
        Command command = new("stress",
            "Mixed reads, writes, flushes, discards, zeroes, cancels and reserves from many threads; every sector says what it is " +
            "and is checked on every read and at the end. Ends with 1 and the evidence at the first wrong byte or bit.\n\n" +
            "DESTROYS what is on the devices that are named.")
        {
            paths, time, seed, threads, depth, size, faults, files, destroy, force, json,
        };
        paths.Validators.Add(PathArgument.Check);
        command.SetAction((parsed, cancellation) =>
        {
            StressRequest request = new()
            {
                Paths = parsed.GetValue(paths)!,
                Time = parsed.GetValue(time),
                Seed = parsed.GetValue(seed),
                Threads = parsed.GetValue(threads),
                Depth = parsed.GetValue(depth),
                Size = parsed.GetValue(size),
                Faults = parsed.GetValue(faults),
                PlainFiles = parsed.GetValue(files),
                Destroy = parsed.GetValue(destroy),
                Force = parsed.GetValue(force),
            };
            return RunAsync(request, parsed.GetValue(json), terminal, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(StressRequest request, bool json, Terminal terminal, CancellationToken cancellation)
    {
        using StressPlan? plan = StressPlanner.Make(request, out IReadOnlyList<Refusal> refusals);
        StressReport report;
        if (plan is null)
        {
            foreach (Refusal refusal in refusals)
                terminal.WriteRefusal(refusal);
            report = new StressReport { Outcome = StressOutcome.Refused, Refusals = refusals };
        }
        else
        {
            terminal.WriteNotes(plan.Notes);
            StressProgress progress = new();
            StressJob job = new(plan, progress);
            Task<StressReport> task = job.RunAsync(cancellation);
            if (terminal.ShowsProgress && !json)
                await StressView.ShowProgressAsync(terminal.Errors, plan, progress, job, task);
            report = await task;
        }

        if (json)
            terminal.WriteJson(report, ReportJson.Default.StressReport);
        else
            StressView.Show(terminal, report);
        return report.ExitCode;
    }
}
