using DmIoUring.DeviceTests.Support;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>The tests bite, too: what the simulation can't see fails the test that it names when it is broken on purpose.</summary>
public sealed class TestedMutationTests(ITestOutputHelper output)
{
    public static TheoryData<Mutation> Tested => [.. Mutations.Tried.Where(static one => one.FoundBy is not null)];

    [Fact]
    public void LibraryAsItIs_CompiledLikeTheOthers_PassesTheirTests()
    {
        IEnumerable<string> all = Mutations.Tried.Select(static one => one.FoundBy).OfType<string>().Distinct(StringComparer.Ordinal);
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
