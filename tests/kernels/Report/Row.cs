namespace DmIoUring.KernelReport;

/// <summary>What a suite came to on a kernel, by one ring.</summary>
/// <param name="Suite">Its name.</param>
/// <param name="Ring">What carried the requests; "-" where none did.</param>
/// <param name="Passed">How many tests passed.</param>
/// <param name="Failed">How many did not.</param>
/// <param name="Absent">How many asked for what the kernel does not offer.</param>
/// <param name="Reasons">Why they were not offered; each once.</param>
internal sealed record Row(string Suite, string Ring, int Passed, int Failed, int Absent, IReadOnlyList<string> Reasons)
{
    /// <summary>The rows of some results: one for each ring.</summary>
    public static IEnumerable<Row> Of(string suite, IEnumerable<Result> results) =>
        results.GroupBy(static result => result.Ring, StringComparer.Ordinal).OrderBy(static ring => ring.Key, StringComparer.Ordinal).Select(ring => new Row(
            suite,
            ring.Key,
            ring.Count(static result => result.Status == ResultStatus.Passed),
            ring.Count(static result => result.Status == ResultStatus.Failed),
            ring.Count(static result => result.Status == ResultStatus.Absent),
            [.. ring.Where(static result => result.Status == ResultStatus.Absent).Select(static result => result.Text).Distinct(StringComparer.Ordinal)]));
}
