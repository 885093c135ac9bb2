using System.CommandLine;
using DmIoUring.Cli.Copy;

namespace DmIoUring.Cli.Commands;

/// <summary><c>dmio copy</c>.</summary>
internal static class CopyCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> source = new("SRC") { Description = "block device or regular file to read" };
        Argument<string[]> destinations = new("DST")
        {
            Description = "block devices or regular files to write, at most 64; a file is created",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> verify = new("--verify") { Description = "read every destination back and compare it with the source" };
        OutputOptions output = new();
        Option<bool> force = new(Vocabulary.Force)
        {
            Description = "write what is mounted, swap space, under a loop device or claimed by another program; read what is claimed",
        };
        Option<int> block = new(Vocabulary.Block)
        {
            Description = $"size of a piece, 4K to {NumberOption.SizeText(CopyRequest.MaxBlockBytes)} ({NumberOption.SizeText(CopyRequest.DefaultBlockBytes)})",
            HelpName = "SIZE",
            DefaultValueFactory = _ => CopyRequest.DefaultBlockBytes,
            CustomParser = result => NumberOption.ParseSize(result, least: 4096, CopyRequest.MaxBlockBytes, IoRegion.SectorSize),
        };
        Option<int> depth = new(Vocabulary.Depth)
        {
            Description = $"pieces under way at once, 1 to {CopyRequest.MaxDepth} ({CopyRequest.DefaultDepth})",
            HelpName = "N",
            DefaultValueFactory = _ => CopyRequest.DefaultDepth,
            CustomParser = result => NumberOption.ParseCount(result, least: 1, CopyRequest.MaxDepth),
        };
        Option<CopyOnError> onError = WordOption.Create("--on-error", "what happens when SRC can't be read: leave the piece out, stop, or write zeroes there", CopyOnError.Skip);
        Option<long?> throttle = ThrottleOption.Create("the most bytes a second that are read of SRC (no limit)");
        Option<long> resume = new("--resume")
        {
            Description = "go on at this sector of 512 bytes, which an interrupted copy tells (0)",
            HelpName = "SECTOR",
            CustomParser = NumberOption.ParseSector,
        };
        Option<bool> sparse = new("--sparse") { Description = "don't read SRC's holes; make holes of pieces of zeroes in files, zeroes on devices" };
        PagedCommand command = new("copy", "read one device or file, write up to 64 at once", "Reads SRC once and writes every DST at once.")
        {
            source, destinations, verify, block, depth, onError, throttle, resume, sparse, force,
        };
        output.AddTo(command);
        source.Validators.Add(PathArgument.Check);
        destinations.Validators.Add(PathArgument.Check);
        command.SetAction((parsed, cancellation) =>
        {
            CopyRequest request = new()
            {
                Source = parsed.GetValue(source)!,
                Destinations = parsed.GetValue(destinations)!,
                Verify = parsed.GetValue(verify),
                Force = parsed.GetValue(force),
                BlockBytes = parsed.GetValue(block),
                Depth = parsed.GetValue(depth),
                OnError = parsed.GetValue(onError),
                BytesPerSecond = parsed.GetValue(throttle),
                ResumeSector = parsed.GetValue(resume),
                Sparse = parsed.GetValue(sparse),
            };
            return RunAsync(request, output.IsJson(parsed), terminal, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(CopyRequest request, bool json, Terminal terminal, CancellationToken cancellation)
    {
        using CopyPlan? plan = CopyPlanner.Make(request, out IReadOnlyList<Refusal> refusals);
        CopyReport report;
        if (plan is null)
        {
            foreach (Refusal refusal in refusals)
                terminal.WriteRefusal(refusal);
            report = new CopyReport { Outcome = CommandOutcome.Refused, Source = request.Source, Refusals = refusals };
        }
        else
        {
            if (plan.Client.Capabilities.RefusalReason is { } reason)
                terminal.WriteNote($"worker threads carry the copy: {reason}");
            terminal.WriteNotes(plan.Notes);
            CopyMeter meter = new() { IsShown = terminal.ShowsProgress && !json };
            Task<CopyReport> job = new CopyRun(plan, meter).RunAsync(cancellation);
            if (meter.IsShown)
                await CopyView.ShowProgressAsync(terminal.Errors, plan, meter, job);
            report = await job;
        }

        if (json)
            terminal.WriteJson(report, ReportJson.Default.CopyReport);
        else
            CopyView.Show(terminal, report, request.OnError);
        return report.ExitCode;
    }
}
