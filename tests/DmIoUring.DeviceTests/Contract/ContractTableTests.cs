namespace DmIoUring.DeviceTests.Contract;

/// <summary>Every row of the contract has tests, and they exist.</summary>
public sealed class ContractTableTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryRow_HasTestsThatExist()
    {
        List<string> missing = [];
        foreach (ContractRow row in ContractTable.Rows)
        {
            output.WriteLine($"{row.Id}: {row.Here}");
            output.WriteLine($"    kernel: {row.Kernel}");
            foreach (string test in row.Tests)
                output.WriteLine("    " + test);
            if (row.Tests.Length == 0)
                missing.Add($"{row.Id} has no test");
            missing.AddRange(row.Tests.Where(static test => !TestNames.Exists(test)).Select(test => $"{row.Id}: {test} is no test"));
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void EveryRow_IsThereOnce() =>
        Assert.Equal(ContractTable.Rows.Count, ContractTable.Rows.Select(static row => row.Id).Distinct(StringComparer.Ordinal).Count());
}
