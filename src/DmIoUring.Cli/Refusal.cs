namespace DmIoUring.Cli;

/// <summary>Why a command did not begin.</summary>
/// <param name="Path">The path that it is about; empty when it is about none.</param>
/// <param name="Reason">What is wrong, with the values.</param>
/// <param name="Advice">What to do.</param>
internal sealed record Refusal(string Path, string Reason, string Advice);
