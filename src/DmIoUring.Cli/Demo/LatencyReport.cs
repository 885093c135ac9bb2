namespace DmIoUring.Cli.Demo;

/// <summary>Single writes, one after the other: the median over the rounds of each round's percentile.</summary>
/// <param name="Method">Who wrote.</param>
/// <param name="P50Microseconds">Half of the writes took at most this long.</param>
/// <param name="P99Microseconds">All but one in a hundred took at most this long.</param>
internal sealed record LatencyReport(string Method, double P50Microseconds, double P99Microseconds);
