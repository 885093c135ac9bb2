namespace DmIoUring.TestSupport;

/// <summary>Runs an explicit test in a process of its own, under a program that changes its world.</summary>
internal static class ExplicitTest
{
    /// <summary>Asserts that it passes there.</summary>
    /// <param name="under">The program and its arguments.</param>
    /// <param name="type">The test's class.</param>
    /// <param name="method">The test.</param>
    public static void AssertPasses(string[] under, Type type, string method)
    {
        ChildProcess? child = ChildProcess.Run(
            under[0], [.. under[1..], SecondRun.Executable, "-nocolor", "-explicit", "only", "-method", $"{type.FullName}.{method}"]);
        Require.That(child is null ? $"there is no {under[0]}: apt-get install util-linux" : null);
        Assert.True(child!.ExitCode == 0, child.Output + child.Errors);
        Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", child.Output, StringComparison.Ordinal);
    }
}
