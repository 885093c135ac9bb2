namespace DmIoUring.KernelReport;

/// <summary>One test, or one command.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Ring">What carried its requests.</param>
/// <param name="Status">What it came to.</param>
/// <param name="Text">Why, unless it passed.</param>
internal sealed record Result(string Name, string Ring, ResultStatus Status, string Text);
