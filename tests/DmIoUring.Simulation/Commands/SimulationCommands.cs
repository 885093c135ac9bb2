using System.CommandLine;
using Spectre.Console;

namespace DmIoUring.Simulation.Commands;

/// <summary><c>dmio-sim</c>: many seeds, or one step by step.</summary>
internal static class SimulationCommands
{
    public static RootCommand Create() => new("The engine on seeded, faulty disks in virtual time.\n\nExit codes: 0 everything held. 1 something did not, and the seed is named.")
    {
        CreateRun(),
        CreateReplay(),
    };

    private static Command CreateRun()
    {
        Option<ulong> seeds = new("--seeds") { Description = "How many seeds, one after another.", DefaultValueFactory = static _ => 1000 };
        Option<ulong> from = new("--from") { Description = "The first seed.", DefaultValueFactory = static _ => 1 };
        Option<int?> seconds = new("--seconds") { Description = "Go on until that many seconds have passed, whatever --seeds says." };
        Command command = new("run", "Run seeds until one fails.") { seeds, from, seconds };
        command.SetAction(parsed => SeedSweep.Run(
            parsed.GetValue(from), parsed.GetValue(seeds), parsed.GetValue(seconds), AnsiConsole.Console));
        return command;
    }

    private static Command CreateReplay()
    {
        Argument<ulong> seed = new("SEED") { Description = "The seed." };
        Command command = new("replay", "Run one seed and print every step: virtual time, entries, completions, ends, the violation.") { seed };
        command.SetAction(parsed => SeedSweep.Replay(parsed.GetValue(seed), Console.Out));
        return command;
    }
}
