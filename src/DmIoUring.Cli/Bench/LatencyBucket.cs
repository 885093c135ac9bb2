namespace DmIoUring.Cli.Bench;

/// <summary>How many requests took so long.</summary>
/// <param name="From">At least so many nanoseconds.</param>
/// <param name="To">Less than so many.</param>
/// <param name="Count">How many.</param>
internal sealed record LatencyBucket(long From, long To, long Count);
