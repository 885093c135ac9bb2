using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace DmIoUring.TestSupport;

/// <summary>Runs some of this program's tests again in a process of its own, under a program that changes its world.</summary>
internal static partial class SecondRun
{
    /// <summary>The test program that runs.</summary>
    public static string Executable => Path.Combine(AppContext.BaseDirectory, Assembly.GetEntryAssembly()!.GetName().Name!);

    /// <summary>Asserts that every test of the classes passes there.</summary>
    /// <param name="under">The program and its arguments.</param>
    /// <param name="classes">The tests.</param>
    public static void AssertPasses(string[] under, params Type[] classes)
    {
        ChildProcess? child = ChildProcess.Run(
            under[0], [.. under[1..], Executable, "-nocolor", "-maxThreads", "2", .. classes.SelectMany(type => new[] { "-class", type.FullName! })]);
        Assert.NotNull(child);
        Assert.True(child.ExitCode == 0, child.Output + child.Errors);
        Assert.Matches(Passed(), child.Output);
    }

    /// <summary>Starts an explicit test, to be killed; nobody listens to what it says.</summary>
    public static Process Start(Type type, string method, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        ProcessStartInfo start = new(Executable, ["-explicit", "only", "-method", $"{type.FullName}.{method}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    [GeneratedRegex(@"Total: [1-9]\d*, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Passed();
}
