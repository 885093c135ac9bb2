using System.Globalization;

namespace DmIoUring.KernelReport;

/// <summary>A kernel, and what the suites came to on it.</summary>
/// <param name="Name">The name in the catalog.</param>
/// <param name="Release">What it says it is.</param>
/// <param name="Package">Where it came from.</param>
/// <param name="Missing">Why there was none; null where it ran.</param>
/// <param name="Capabilities">Its io_uring; null when the guest never got so far.</param>
/// <param name="Rows">The suites, in the order in which they ran.</param>
/// <param name="Failures">A line for each that failed.</param>
internal sealed record Guest(
    string Name, string Release, string Package, string? Missing, Capabilities? Capabilities, IReadOnlyList<Row> Rows, IReadOnlyList<string> Failures)
{
    private const int TextLength = 240;

    public static Guest Read(string folder, string name)
    {
        string? missing = FirstLine(Path.Combine(folder, "missing"));
        string package = FirstLine(Path.Combine(folder, "package")) ?? "";
        string release = FirstLine(Path.Combine(folder, "release")) ?? "";
        if (missing is not null)
            return new Guest(name, release, package, missing, null, [], []);

        Capabilities? capabilities = Capabilities.Read(Path.Combine(folder, "info.json"));
        List<Row> rows = [];
        List<string> failures = [];
        foreach (string suite in Plan(folder))
        {
            Result[] results = [.. Parts(folder, suite).SelectMany(part => Results(folder, part, capabilities))];
            rows.AddRange(Row.Of(suite, results));
            failures.AddRange(results.Where(static result => result.Status == ResultStatus.Failed)
                .Select(result => $"FAILED {name} {suite} {result.Ring}: {(string.Equals(result.Name, suite, StringComparison.Ordinal) ? "" : result.Name + ": ")}{Short(result.Text)}"));
        }

        return new Guest(name, release, package, null, capabilities, rows, failures);
    }

    /// <summary>A guest that never made a plan did not come up; that is one failure.</summary>
    private static string[] Plan(string folder)
    {
        string plan = Path.Combine(folder, "plan");
        return File.Exists(plan) ? [.. File.ReadAllLines(plan).Where(static line => line.Length > 0)] : ["boot"];
    }

    /// <summary>Tests of one suite may be in more than one program: each leaves files of its own, and each must have left some.</summary>
    private static string[] Parts(string folder, string suite)
    {
        string parts = Path.Combine(folder, suite + ".parts");
        return File.Exists(parts) ? [.. File.ReadAllLines(parts).Where(static line => line.Length > 0)] : [suite];
    }

    private static IEnumerable<Result> Results(string folder, string part, Capabilities? capabilities)
    {
        bool any = false;
        string tests = Path.Combine(folder, part + ".ctrf.json");
        if (File.Exists(tests) && new FileInfo(tests).Length > 0)
        {
            foreach (Result result in TestResults.Read(tests, capabilities))
            {
                any = true;
                yield return result;
            }
        }

        string steps = Path.Combine(folder, part + ".step");
        if (File.Exists(steps))
        {
            foreach (string line in File.ReadLines(steps))
            {
                any = true;
                string[] parts = line.Split('\t', 4);
                yield return new Result(part, parts[0], Enum.Parse<ResultStatus>(parts[1], ignoreCase: true), parts[3]);
            }
        }

        if (!any)
            yield return new Result(part, "-", ResultStatus.Failed, $"no result: {FirstLine(Path.Combine(folder, "ended")) ?? "the guest ended before"}");
    }

    private static string? FirstLine(string path) => File.Exists(path) ? File.ReadLines(path).FirstOrDefault("").Trim() : null;

    private static string Short(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= TextLength ? line : string.Create(CultureInfo.InvariantCulture, $"{line.AsSpan(0, TextLength)}...");
    }
}
