using System.CommandLine;
using System.Globalization;
using DmIoUring.Cli;
using DmIoUring.Cli.Bench;
using DmIoUring.Cli.Commands;

namespace DmIoUring.Peers;

/// <summary>The subcommand of one peer.</summary>
internal static class PeerCommand
{
    public static Command Create(Peer peer, Terminal terminal)
    {
        BenchOptions options = new();
        OutputOptions output = new();
        Command command = new(peer.Name, peer.Description);
        foreach (Option option in options.Only(peer.Options))
            command.Add(option);
        output.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            BenchRequest request = peer.Adjust(options.Read(parsed) with { Jobs = 1, Peer = peer.Name });
            if (parsed.GetResult(Vocabulary.Pattern) is null)
                request = request with { Pattern = peer.Patterns[0] };
            return RunAsync(peer, request, output.IsJson(parsed), terminal, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Peer peer, BenchRequest request, bool json, Terminal terminal, CancellationToken cancellation)
    {
        BenchReport report;
        if (Check(peer, request) is { } refusal)
        {
            terminal.WriteRefusal(refusal);
            report = new BenchReport { Outcome = CommandOutcome.Refused, Refusals = [refusal], Settings = request };
        }
        else
        {
            report = await BenchCommand.MeasureAsync(request, peer.MakeLoad, json, terminal, cancellation);
        }

        if (json)
            terminal.WriteJson(report, ReportJson.Default.BenchReport);
        else
            BenchView.Show(terminal.Output, report, Headline(peer, request));
        return report.ExitCode;
    }

    /// <summary>What this peer can't do; the rest is refused as <c>dmio bench</c> refuses it.</summary>
    private static Refusal? Check(Peer peer, BenchRequest request)
    {
        if (!peer.Patterns.Contains(request.Pattern))
        {
            return new Refusal(
                "", $"{peer.Name} has no {Vocabulary.Pattern} {WordOption.Word(request.Pattern)}", $"Pass one of {string.Join(", ", peer.Patterns.Select(WordOption.Word))}.");
        }

        return request.Paths.Count > peer.Legs
            ? new Refusal("", $"{peer.Name} uses one device, and --filename names {request.Paths.Count}", "Name one.")
            : null;
    }

    private static string Headline(Peer peer, BenchRequest request) => string.Create(
        CultureInfo.InvariantCulture,
        $"{WordOption.Word(request.Pattern)} {Printable.Of(string.Join(", ", request.Paths))}: {Quantity.Bytes(request.BlockBytes)}, depth {request.Depth}, {peer.Name}");
}
