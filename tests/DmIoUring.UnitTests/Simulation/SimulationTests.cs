using DmIoUring.Simulation;
using DmIoUring.Simulation.Commands;
using DmIoUring.Simulation.Memory;

namespace DmIoUring.UnitTests.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void FixedSeeds_Hold_AndCoverEverything()
    {
        using Arena arena = new();
        Coverage coverage = new();

        RunResult? failed = SeedSweep.Sweep(from: 1, seeds: 400, time: null, arena, coverage, out _);

        Assert.Null(failed);
        Assert.DoesNotContain(Enum.GetValues<Covered>(), what => coverage[what] == 0);
    }

    /// <summary>Seeds that found a bug, by what it was. The bug itself is among the mutations of the device tests, for when a seed means something else.</summary>
    [Theory]
    [InlineData(131, "a late completion ended a discard that its ioctl still had")]
    [InlineData(639316028490095110, "the model took a failed flush for older than a request that had joined it, where nothing else had happened since")]
    public void SeedThatFoundABug_Holds(ulong seed, string bug)
    {
        using Arena arena = new();

        RunResult result = SimulationRun.Execute(seed, arena, new Coverage());

        Assert.True(result.Violation is null, $"{bug}: {result.Violation}");
    }

    /// <summary>Seeds that nobody has seen. The one that fails is in the message, and replays there and everywhere.</summary>
    [Fact]
    public void FreshSeeds_Hold()
    {
        using Arena arena = new();
        ulong from = (ulong)DateTime.UtcNow.Ticks;
        output.WriteLine($"seeds from {from}");

        RunResult? failed = SeedSweep.Sweep(from, seeds: 0, TimeSpan.FromSeconds(10), arena, new Coverage(), out ulong runs);

        Assert.Null(failed);
        output.WriteLine($"{runs} seeds");
    }

    [Fact]
    public void Seed_RunTwice_TakesTheSameSteps()
    {
        for (ulong seed = 1; seed <= 20; seed++)
            Assert.Equal(Steps(seed), Steps(seed));
    }

    private static string Steps(ulong seed)
    {
        // An arena of its own, so that nothing can depend on where memory happens to be.
        using Arena arena = new();
        using StringWriter steps = new();
        SimulationRun.Execute(seed, arena, new Coverage(), steps);
        return steps.ToString();
    }
}
