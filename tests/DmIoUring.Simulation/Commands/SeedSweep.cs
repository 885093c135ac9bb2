using System.Diagnostics;
using System.Globalization;
using DmIoUring.Simulation.Memory;
using Spectre.Console;

namespace DmIoUring.Simulation.Commands;

/// <summary>Runs seeds and says what came of them.</summary>
internal static class SeedSweep
{
    private const int Held = 0;
    public const int Violated = 1;

    public static int Run(ulong from, ulong seeds, int? seconds, IAnsiConsole console)
    {
        using Arena arena = new();
        Coverage coverage = new();
        Stopwatch clock = Stopwatch.StartNew();
        using HangGuard guard = new(console.Profile.Out.Writer);
        RunResult? failed = Sweep(from, seeds, seconds is { } limit ? TimeSpan.FromSeconds(limit) : null, arena, coverage, out ulong runs, guard);
        double elapsed = clock.Elapsed.TotalSeconds;
        ShowCoverage(coverage, console);
        TextWriter lines = console.Profile.Out.Writer;
        lines.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{runs} seeds from {from} in {elapsed:F1} s, {runs / elapsed:F0} a second"));
        if (failed is not { } result)
            return Held;
        lines.WriteLine($"seed {result.Seed} failed: {result.Violation}");
        lines.WriteLine($"replay it: dotnet run --project tests/DmIoUring.Simulation -- replay {result.Seed}");
        return Violated;
    }

    public static int Replay(ulong seed, TextWriter steps)
    {
        using Arena arena = new();
        RunResult result = SimulationRun.Execute(seed, arena, new Coverage(), steps);
        steps.WriteLine(result.Violation is null ? $"seed {seed}: everything held" : $"seed {seed} failed: {result.Violation}");
        return result.Violation is null ? Held : Violated;
    }

    /// <summary>Runs seeds until one fails.</summary>
    internal static RunResult? Sweep(ulong from, ulong seeds, TimeSpan? time, Arena arena, Coverage coverage, out ulong runs, HangGuard? guard = null)
    {
        Stopwatch clock = Stopwatch.StartNew();
        for (runs = 0; time is { } limit ? clock.Elapsed < limit : runs < seeds;)
        {
            guard?.Begin(from + runs);
            RunResult result = SimulationRun.Execute(from + runs++, arena, coverage);
            if (result.Violation is not null)
                return result;
        }

        return null;
    }

    private static void ShowCoverage(Coverage coverage, IAnsiConsole console)
    {
        console.Profile.Width = Math.Max(console.Profile.Width, 110);
        Grid grid = new Grid().AddColumns(6);
        Covered[] all = Enum.GetValues<Covered>();
        int rows = (all.Length + 2) / 3;
        for (int row = 0; row < rows; row++)
        {
            List<Markup> cells = [];
            for (int column = 0; column < 3; column++)
            {
                int index = row + (column * rows);
                cells.Add(new Markup(index < all.Length ? all[index].ToString() : ""));
                cells.Add(new Markup(index >= all.Length ? "" : coverage[all[index]] == 0 ? "[red]0: never[/]" : $"{coverage[all[index]]}"));
            }

            grid.AddRow([.. cells]);
        }

        console.Write(grid);
    }
}
