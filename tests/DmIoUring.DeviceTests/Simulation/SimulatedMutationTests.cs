using System.Diagnostics;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>
/// The simulation bites: engines with bugs made on purpose fail in it, and the engine as it is does not.
/// </summary>
public sealed class SimulatedMutationTests(ITestOutputHelper output)
{
    private const string FirstSeed = "1";

    /// <summary>A minute is what a bug may take to be found; starting the process is not counted.</summary>
    private const string Seconds = "55";

    public static TheoryData<Mutation> Simulated => [.. Mutations.Tried.Where(static one => one.FoundBy is null)];

    /// <summary>Of all, also where only a part of them is tried: code that is moved takes its mutations along.</summary>
    [Fact]
    public void EveryMutation_StandsInTheSource_Once() =>
        Assert.All(Mutations.All, static mutation => Assert.NotEmpty(MutatedLibrary.Mutated(mutation)));

    /// <summary>Likewise of all: one that does not compile would be found out in one run of four.</summary>
    [Fact]
    public void EveryMutation_Compiles() => Assert.Empty(Mutations.Tried.SelectMany(MutatedLibrary.ErrorsIn));

    [Fact]
    public void EngineAsItIs_CompiledLikeTheOthers_Passes()
    {
        using SimulatedBuild build = new(mutation: null);

        ChildProcess run = build.Run("--from", FirstSeed, "--seeds", "300");

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("300 seeds from 1", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Simulated), DisableDiscoveryEnumeration = true)]
    public void EngineWithABug_FailsWithinAMinute(Mutation mutation)
    {
        using SimulatedBuild build = new(mutation);
        Stopwatch clock = Stopwatch.StartNew();

        ChildProcess run = build.Run("--from", FirstSeed, "--seconds", Seconds);

        string? violation = SimulatedBuild.ViolationIn(run);
        output.WriteLine($"{mutation.Name}: {clock.Elapsed.TotalSeconds:F1} s, {violation}");
        Assert.True(run.ExitCode == 1, $"exit code {run.ExitCode}: {run.Output}{run.Errors}");
        Assert.NotNull(violation);
    }
}
