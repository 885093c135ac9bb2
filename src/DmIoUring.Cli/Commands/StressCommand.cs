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
            Description = "block devices or files, at most 64: ALL ON THEM IS DESTROYED (two loop devices and a file of its own, which it removes)",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<TimeSpan> time = new(Vocabulary.Runtime)
        {
            Description = $"how long, in seconds, or with s, m or h ({TimeOption.Text(StressRequest.DefaultTime)})",
            HelpName = "TIME",
            DefaultValueFactory = _ => StressRequest.DefaultTime,
            CustomParser = TimeOption.Parse,
        };
        Option<ulong?> seed = new(Vocabulary.Seed)
        {
            Description = "the same operations again, thread by thread; not their order (random)",
            HelpName = "N",
            CustomParser = result => NumberOption.ParseSeed(result),
        };
        Option<int> threads = new(Vocabulary.Jobs)
        {
            Description = $"threads, 1 to 64 ({StressRequest.DefaultThreads})",
            HelpName = "N",
            DefaultValueFactory = _ => StressRequest.DefaultThreads,
            CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 64),
        };
        Option<int> depth = new(Vocabulary.Depth)
        {
            Description = $"operations that each thread keeps under way, 1 to 64 ({StressRequest.DefaultDepth})",
            HelpName = "N",
            DefaultValueFactory = _ => StressRequest.DefaultDepth,
            CustomParser = result => NumberOption.ParseCount(result, least: 1, most: 64),
        };
        Option<int> size = new(Vocabulary.Size)
        {
            Description = $"how much of each device, {NumberOption.SizeText(StressRequest.LeastSize)} to {NumberOption.SizeText(StressRequest.MostSize)} ({NumberOption.SizeText(StressRequest.DefaultSize)})",
            HelpName = "SIZE",
            DefaultValueFactory = _ => StressRequest.DefaultSize,
            CustomParser = result => NumberOption.ParseSize(result, StressRequest.LeastSize, StressRequest.MostSize, multiple: 65536),
        };
        Option<bool> faults = new("--faults") { Description = "break and mend devices meanwhile; only devices of its own" };
        Option<bool> files = new("--files") { Description = "make plain files, no loop devices" };
        Option<bool> destroy = new(Vocabulary.Destroy) { Description = "yes, overwrite block devices and files that are not empty" };
        Option<bool> force = new(Vocabulary.Force) { Description = "use what is mounted or claimed by another program" };
        OutputOptions output = new();
        PagedCommand command = new("stress", "every operation from many threads, every byte verified",
            "Mixed reads, writes, flushes, discards, zeroes, cancels and reserves from many threads; every sector says what it is " +
            "and is checked on every read and at the end. Ends with 1 and the evidence at the first wrong byte or bit. " +
            "DESTROYS what is on the devices that are named.")
        {
            paths, time, seed, threads, depth, size, faults, files, destroy, force,
        };
        output.AddTo(command);
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
            return RunAsync(request, output.IsJson(parsed), terminal, cancellation);
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
