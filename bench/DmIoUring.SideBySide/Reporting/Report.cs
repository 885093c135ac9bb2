using System.Globalization;
using System.Text;
using DmIoUring.Cli;
using DmIoUring.SideBySide.Results;
using DmIoUring.SideBySide.Targets;

namespace DmIoUring.SideBySide.Reporting;

/// <summary>RESULTS.md: the targets and what was reached, why some were not, the plots, and every median.</summary>
/// <param name="session">What was measured.</param>
/// <param name="explain">The hand-written text about a target, by its letter; null where there is none.</param>
internal sealed class Report(Session session, Func<string, string?> explain)
{
    private readonly ResultSet _results = new(session.Measurements);
    private readonly StringBuilder _text = new();

    public string ToMarkdown(IEnumerable<Picture> plots)
    {
        _text.Clear();
        AppendHead();
        AppendTargets();
        AppendExplanations();
        AppendPlots(plots);
        new ContestTables(_results).Append(_text);
        AppendCommands();
        return _text.ToString().TrimEnd('\n') + "\n";
    }

    private void AppendHead()
    {
        Machine machine = session.Machine;
        string cores = machine.Cores == 1 ? "1 core" : string.Create(CultureInfo.InvariantCulture, $"{machine.Cores} cores");
        _text.Append(CultureInfo.InvariantCulture, $"""
            # Side by side

            Made by `bench/side-by-side` from `results.json`, where every single run is. {Quantity.Count(session.Rounds, "round")}, each run {session.Seconds} s
            after {session.RampSeconds} s of warm-up, in a process of its own; within a round the contestants of a table run one after the other on
            the same device, in an order that changes from round to round. A ratio is taken in each round; what is told is the
            median of the rounds, with the lowest and the highest.

            {machine.Processor}, {cores}; Linux {machine.Kernel}; {machine.Runtime}; {machine.Fio}; commit {machine.Commit}; {machine.Date}.
            Devices of 256 MiB, every block written: zram; loop over tmpfs and over a file on disk, both with direct I/O.


            """);
    }

    private void AppendTargets()
    {
        _text.Append("## Targets\n\n");
        List<IReadOnlyList<string>> rows = [];
        (int met, int judged) = (0, 0);
        foreach (Target target in AllTargets.List)
        {
            Reached?[] reached = [.. target.Figures.Select(figure => figure.Judge(_results))];
            rows.AddRange(target.Figures.Zip(reached, (figure, one) => Row(target, figure, one)));
            if (reached.All(static one => one is null))
                continue;
            judged++;
            met += reached.All(static one => one is null or { IsMet: not false }) ? 1 : 0;
        }

        MarkdownTable.Append(_text, ["", "What", "Where", "Target:", "Reached:", "Lowest to highest:", ""], rows);
        _text.Append(CultureInfo.InvariantCulture, $"{met} of {judged} targets are met.\n\n");
    }

    private static IReadOnlyList<string> Row(Target target, Figure figure, Reached? reached)
    {
        bool isFirst = ReferenceEquals(figure, target.Figures[0]);
        string[] head = [isFirst ? target.Letter : "", isFirst ? target.What : "", figure.Where, figure.LimitText()];
        return reached is { Spread: var spread }
            ? [.. head, figure.Text(spread.Median), $"{figure.Text(spread.Min)} to {figure.Text(spread.Max)}", reached.Verdict]
            : [.. head, "", "", "not measured"];
    }

    private void AppendExplanations()
    {
        foreach (Target target in AllTargets.List)
        {
            if (explain(target.Letter) is { } explanation)
                _text.Append(CultureInfo.InvariantCulture, $"### {target.Letter}: {target.What}\n\n{explanation.Trim()}\n\n");
        }
    }

    private void AppendPlots(IEnumerable<Picture> plots)
    {
        foreach (Picture plot in plots)
            _text.Append(CultureInfo.InvariantCulture, $"![{plot.Title}](plots/{plot.FileName})\n\n");
    }

    private void AppendCommands()
    {
        _text.Append("## Commands\n\n```text\n");
        foreach ((string entrant, string command) in session.Commands)
            _text.Append(CultureInfo.InvariantCulture, $"{entrant}\n    {command}\n");
        _text.Append("```\n");
    }
}
