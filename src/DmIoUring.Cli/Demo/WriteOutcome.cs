namespace DmIoUring.Cli.Demo;

/// <summary>How many writes ended with the same bits.</summary>
/// <param name="Failed">The bits.</param>
/// <param name="Writes">How many.</param>
internal sealed record WriteOutcome(RegionBitsReport Failed, int Writes);
