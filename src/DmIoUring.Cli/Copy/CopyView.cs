using System.Globalization;
using Spectre.Console;

namespace DmIoUring.Cli.Copy;

/// <summary>A copy as a person sees it.</summary>
internal static class CopyView
{
    private const int RangesShown = 8;
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);

    public static Task ShowProgressAsync(IAnsiConsole console, CopyPlan plan, CopyMeter meter, Task job) => console
        .Progress()
        .AutoClear(enabled: true)
        .Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(),
            new TransferSpeedColumn(), new RemainingTimeColumn())
        .StartAsync(async context =>
        {
            ProgressTask copy = context.AddTask("copy", maxValue: plan.Bytes);
            ProgressTask? verify = plan.Request.Verify ? context.AddTask("verify", autoStart: false, maxValue: plan.Bytes) : null;
            while (!job.IsCompleted)
            {
                copy.Value = meter.CopiedBytes;
                if (verify is not null && meter.VerifiedBytes > 0)
                {
                    if (!verify.IsStarted)
                        verify.StartTask();
                    verify.Value = meter.VerifiedBytes;
                }

                await Task.WhenAny(job, Task.Delay(Frame));
            }
        });

    public static void Show(Terminal terminal, CopyReport report, CopyOnError onError)
    {
        if (report.Destinations is null)
            return;
        IAnsiConsole console = terminal.Output;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{Headline(report)}");
        if (report.Destinations.Any(destination => destination.Failure is not null))
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"failed [bold]{report.Failed!.Text}[/]{Unsupported(report)}");
        Table table = new Table().Rounded(console).AddColumns("bit", "destination", "result");
        foreach (DestinationReport destination in report.Destinations)
        {
            table.AddRow(
                new Text(destination.Region.ToString(CultureInfo.InvariantCulture)),
                new Text(Printable.Of(destination.Path) + (destination.IsCreated ? " (created)" : "")),
                new Text(Printable.Of(Result(report, destination)), destination.Failure is null ? Color.Green : Color.Red));
        }

        console.Write(table);
        if (report.ResumeSector is { } sector)
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"to go on with the same destinations, add [bold]--resume {sector}[/]");
        ShowSourceFailure(console, report, onError);
    }

    private static string Headline(CopyReport report)
    {
        string rate = $"in {report.CopySeconds!.Value.ToString("0.00", CultureInfo.InvariantCulture)} s, {Quantity.Rate(report.BytesPerSecond!.Value)} to each";
        string legs = Quantity.Count(report.Destinations!.Count, "destination");
        return report.Outcome == CommandOutcome.Interrupted
            ? $"interrupted: the first {Quantity.Exact(report.ReachedBytes!.Value)} of {Quantity.Exact(report.Bytes!.Value)} of {Printable.Of(report.Source)} went to {legs}"
            : $"{Quantity.Bytes(report.CopiedBytes!.Value)} of {Printable.Of(report.Source)} to {legs} {rate}";
    }

    private static string Unsupported(CopyReport report) =>
        report.Unsupported is { Bits: > 0 } unsupported ? $", unsupported {unsupported.Text}" : "";

    private static string Result(CopyReport report, DestinationReport destination)
    {
        if (destination.Failure is { } failure)
            return failure.Message;
        if (report.Outcome == CommandOutcome.Interrupted)
            return destination.IsComplete ? "complete, flushed, not verified to the end" : "incomplete, not flushed";
        if (report.ResumeSector is not null)
            return "incomplete, flushed";
        string result = report.NotCopied is null ? "complete, flushed" : "all that could be read, flushed";
        if (destination.IsVerified)
            result += destination.IsDirect ? ", verified" : ", verified (in the page cache: the file system has no direct I/O)";
        return destination.UntouchedBytes > 0 ? $"{result}; the last {Quantity.Bytes(destination.UntouchedBytes)} are as they were" : result;
    }

    private static void ShowSourceFailure(IAnsiConsole console, CopyReport report, CopyOnError onError)
    {
        if (report.SourceFailure is not { } failure)
            return;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]source {Printable.Of(report.Source)}: {Printable.Of(failure.Message)}[/]");
        if (report.NotCopied is not { } ranges)
            return;
        string list = string.Join(", ", ranges.Take(RangesShown).Select(range =>
            FormattableString.Invariant($"{range.Sector}..{range.Sector + range.Count - 1}")));
        string more = ranges.Count > RangesShown ? $" and {ranges.Count - RangesShown} more" : "";
        string advice = onError == CopyOnError.Skip ? " A smaller --bs loses less around a bad sector; --on-error zero loses only the bad blocks." : "";
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"not copied: sectors {list}{more}.{advice}");
    }
}
