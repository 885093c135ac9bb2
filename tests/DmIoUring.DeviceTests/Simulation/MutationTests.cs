using System.Diagnostics;
using DmIoUring.DeviceTests.Support;
using DmIoUring.Testing;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>
/// The simulation bites: engines with bugs made on purpose fail in it, and the engine as it is does not. So do the tests of what it can't see.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const string FirstSeed = "1";

    /// <summary>A minute is what a bug may take to be found; starting the process is not counted.</summary>
    private const string Seconds = "55";

    public static TheoryData<Mutation> Simulated => [.. Mutations.All.Where(static one => one.FoundBy is null)];

    public static TheoryData<Mutation> Tested => [.. Mutations.All.Where(static one => one.FoundBy is not null)];

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
        Assert.Equal(1, run.ExitCode);
        Assert.NotNull(violation);
    }

    [Fact]
    public void LibraryAsItIs_CompiledLikeTheOthers_PassesTheirTests()
    {
        IEnumerable<string> all = Mutations.All.Select(static one => one.FoundBy).OfType<string>().Distinct(StringComparer.Ordinal);
        foreach (IGrouping<string, string> tests in all.GroupBy(TestProgram.Of, StringComparer.Ordinal))
        {
            using TestedBuild build = new(tests.Key, mutation: null);

            ChildProcess run = build.Run(tests);

            Assert.True(run.ExitCode == 0, run.Output + run.Errors);
            Assert.Contains("Errors: 0, Failed: 0, Skipped: 0", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("Total: 0", run.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Tested), DisableDiscoveryEnumeration = true)]
    public void LibraryWithABug_FailsItsTest(Mutation mutation)
    {
        using TestedBuild build = new(TestProgram.Of(mutation.FoundBy!), mutation);

        ChildProcess run = build.Run(mutation.FoundBy!);

        output.WriteLine(run.Output);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Errors: 0, Failed: ", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Failed: 0", run.Output, StringComparison.Ordinal);
    }
}
