using System.CommandLine;
using DmIoUring.Cli;
using DmIoUring.Cli.Bench;
using DmIoUring.Cli.Commands;

namespace DmIoUring.Peers;

/// <summary>The command as a whole: a subcommand for each peer.</summary>
internal static class PeerCommandLine
{
    public const string Program = "dmio-peers";

    private static readonly string[] Common = [Vocabulary.Filename, Vocabulary.Block, Vocabulary.Size, Vocabulary.Runtime, Vocabulary.Ramp, Vocabulary.Latency, Vocabulary.Seed];
    private static readonly string[] Writing = [Vocabulary.Destroy, Vocabulary.Force];

    /// <summary>Parses and runs; the exit code.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        RootCommand root = new(
            "What 'dmio bench' is compared with: the same places, the same warm-up, the same clock, the same report.\n\n" +
            "Exit codes: as dmio's.");
        foreach (Peer peer in All)
            root.Add(PeerCommand.Create(peer, terminal));
        return CommandLine.RunAsync(root, arguments, terminal, cancellation);
    }

    private static IEnumerable<Peer> All =>
    [
        new Peer
        {
            Name = "bare",
            Description = "A ring loop without any request state, the limit: registered ring, file and buffers, READ_FIXED, random places.",
            Options = [.. Common, Vocabulary.Depth, Vocabulary.Batch],
            Patterns = [BenchPattern.RandRead],
            Adjust = static request => request with { Driver = BenchDriver.Reactor },
            MakeLoad = static run => new BareLoad(run),
        },
        new Peer
        {
            Name = "randomaccess",
            Description = "RandomAccess.ReadAsync or WriteAsync on a direct handle: as many loops that await as --iodepth says.",
            Options = [.. Common, Vocabulary.Pattern, Vocabulary.Depth, .. Writing],
            Patterns = [BenchPattern.Read, BenchPattern.RandRead, BenchPattern.Write, BenchPattern.RandWrite],
            Adjust = static request => request with { AskedCompletion = BenchCompletion.Await },
            MakeLoad = static run => new RandomAccessLoad(run, joins: false),
        },
        new Peer
        {
            Name = "preadv2",
            Description = "preadv2 on a direct descriptor, one at a time, the thread waits in it.",
            Options = [.. Common, Vocabulary.Pattern],
            Patterns = [BenchPattern.Read, BenchPattern.RandRead],
            Adjust = static request => request with { Driver = BenchDriver.Sync },
            MakeLoad = static run => new SystemCallLoad(run, flushes: false),
        },
        new Peer
        {
            Name = "whenall",
            Description = "Task.WhenAll of a RandomAccess.WriteAsync to each of --filename A:B:C, one write at a time.",
            Options = [.. Common, Vocabulary.Pattern, .. Writing],
            Patterns = [BenchPattern.Write, BenchPattern.RandWrite],
            Legs = IoRegion.MaxRegions,
            Adjust = static request => request with { AskedDepth = 1, AskedCompletion = BenchCompletion.Await },
            MakeLoad = static run => new RandomAccessLoad(run, joins: true),
        },
        new Peer
        {
            Name = "dsync",
            Description = "pwritev2 with RWF_DSYNC on a direct descriptor, one at a time: each write is on the medium when it ends.",
            Options = [.. Common, Vocabulary.Pattern, .. Writing],
            Patterns = [BenchPattern.Write, BenchPattern.RandWrite],
            Adjust = static request => request with { Driver = BenchDriver.Sync, Durable = true },
            MakeLoad = static run => new SystemCallLoad(run, flushes: false),
        },
        new Peer
        {
            Name = "writeflush",
            Description = "pwritev2 and fdatasync on a direct descriptor, one after the other.",
            Options = [.. Common, Vocabulary.Pattern, .. Writing],
            Patterns = [BenchPattern.Write, BenchPattern.RandWrite],
            Adjust = static request => request with { Driver = BenchDriver.Sync, Durable = true },
            MakeLoad = static run => new SystemCallLoad(run, flushes: true),
        },
    ];
}
