using System.Reflection;
using Xunit.v3;

namespace DmIoUring.Tests.Contract;

/// <summary>Every row of the contract has tests, and they exist.</summary>
public sealed class ContractTableTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryRow_HasTestsThatExist()
    {
        ILookup<string, Type> classes = typeof(ContractTableTests).Assembly.GetTypes().Where(static type => type.IsPublic).ToLookup(static type => type.Name, StringComparer.Ordinal);
        List<string> missing = [];
        foreach (ContractRow row in ContractTable.Rows)
        {
            output.WriteLine($"{row.Id}: {row.Here}");
            output.WriteLine($"    kernel: {row.Kernel}");
            foreach (string test in row.Tests)
                output.WriteLine("    " + test);
            if (row.Tests.Length == 0)
                missing.Add($"{row.Id} has no test");
            missing.AddRange(row.Tests.Where(test => !IsTest(classes, test)).Select(test => $"{row.Id}: {test} is no test"));
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void EveryRow_IsThereOnce() =>
        Assert.Equal(ContractTable.Rows.Count, ContractTable.Rows.Select(static row => row.Id).Distinct(StringComparer.Ordinal).Count());

    private static bool IsTest(ILookup<string, Type> classes, string test)
    {
        string[] parts = test.Split('.');
        return parts.Length == 2
            && classes[parts[0]].Count() == 1
            && classes[parts[0]].Single().GetMethod(parts[1])?.GetCustomAttributes().Any(static attribute => attribute is IFactAttribute) == true;
    }
}
