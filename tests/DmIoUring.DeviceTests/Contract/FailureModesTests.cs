namespace DmIoUring.DeviceTests.Contract;

/// <summary>Every failure mode has tests, and they exist.</summary>
public sealed class FailureModesTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryMode_HasTestsThatExist_OrSaysWhyItCantHave()
    {
        List<string> missing = [];
        foreach (FailureMode mode in FailureModes.Rows)
        {
            output.WriteLine($"{mode.Area}: {mode.Name}" + (mode.NotApplicable is null ? "" : ": not applicable, " + mode.NotApplicable));
            foreach (string test in mode.Tests)
                output.WriteLine("    " + test);
            if (mode.Tests.Length == 0 == (mode.NotApplicable is null))
                missing.Add($"{mode.Name} must have either tests or a reason");
            missing.AddRange(mode.Tests.Where(static test => !TestNames.Exists(test)).Select(test => $"{mode.Name}: {test} is no test"));
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void EveryMode_IsThereOnce() => Assert.Equal(
        FailureModes.Rows.Count, FailureModes.Rows.Select(static mode => (mode.Area, mode.Name)).Distinct().Count());
}
