using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Interop;

/// <summary>native-interop/abi-check/abi-check.c, compiled with the host's headers and run once.</summary>
public sealed class AbiCheckProgram
{
    private readonly Dictionary<(string Kind, string Name), AbiFact> _facts = [];
    private readonly string? _obstacle;

    public AbiCheckProgram()
    {
        using CProgram program = new("abi-check.c");
        _obstacle = program.Obstacle;
        if (_obstacle is not null)
            return;

        ChildProcess? run = ChildProcess.Run(program.FullPath);
        Assert.NotNull(run);
        Assert.Equal(0, run.ExitCode);
        foreach (string line in run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            AbiFact fact = AbiFact.Parse(line);
            _facts.Add((fact.Kind, fact.Name), fact);
        }
    }

    /// <summary>Every fact of one kind; skips or fails the test on a host without a compiler.</summary>
    internal IEnumerable<AbiFact> Facts(string kind)
    {
        Require.That(_obstacle);
        return _facts.Values.Where(fact => string.Equals(fact.Kind, kind, StringComparison.Ordinal));
    }

    /// <summary>
    /// Fails with one line for every name whose numbers differ, that only the C# code has, or that only the program has.
    /// </summary>
    internal void AssertAgrees(string kind, IEnumerable<AbiFact> managed) => AssertAgree(kind, managed, Facts(kind));

    /// <inheritdoc cref="AssertAgrees"/>
    internal static void AssertAgree(string kind, IEnumerable<AbiFact> managed, IEnumerable<AbiFact> facts)
    {
        Dictionary<string, AbiFact> kernel = facts.ToDictionary(fact => fact.Name, StringComparer.Ordinal);
        List<string> differences = [];
        foreach (AbiFact ours in managed)
        {
            if (!kernel.Remove(ours.Name, out AbiFact? theirs))
                differences.Add($"{kind} {ours.Name}: in C#, and abi-check.c does not mention it");
            else if (!ours.Numbers.SequenceEqual(theirs.Numbers))
                differences.Add($"{kind} {ours.Name}: {Show(ours)} in C#, {Show(theirs)} in {theirs.NewerThanHeaders ?? "the kernel's headers"}");
        }

        differences.AddRange(kernel.Keys.Select(name => $"{kind} {name}: in abi-check.c, and nowhere in C#"));
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static string Show(AbiFact fact) => string.Join(" size ", fact.Numbers);
}
