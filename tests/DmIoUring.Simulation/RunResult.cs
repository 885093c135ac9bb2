namespace DmIoUring.Simulation;

/// <summary>What one seed came to.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Violation">What did not hold; null when all did.</param>
internal readonly record struct RunResult(ulong Seed, string? Violation);
