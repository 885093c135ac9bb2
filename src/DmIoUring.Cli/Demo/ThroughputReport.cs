namespace DmIoUring.Cli.Demo;

/// <summary>Large writes, several under way: the median over the rounds.</summary>
/// <param name="Method">Who wrote.</param>
/// <param name="BytesPerSecond">To each of the legs.</param>
internal sealed record ThroughputReport(string Method, double BytesPerSecond);
