namespace DmIoUring.SideBySide.Targets;

/// <summary>One thing that is to be reached.</summary>
/// <param name="Letter">Its short name, for --only and for the file with its explanation.</param>
/// <param name="What">What is measured, against what.</param>
/// <param name="Figures">In how many places.</param>
internal sealed record Target(string Letter, string What, params IReadOnlyList<Figure> Figures);
