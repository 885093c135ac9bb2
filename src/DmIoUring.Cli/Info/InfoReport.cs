namespace DmIoUring.Cli.Info;

/// <summary>What <c>dmio info</c> tells, its document.</summary>
/// <param name="Devices">Those that could be opened.</param>
/// <param name="Refusals">The others, and why.</param>
/// <param name="Ring">What carries the I/O here; null when there is no io_uring.</param>
/// <param name="RingUnavailable">Why there is none.</param>
internal sealed record InfoReport(
    IReadOnlyList<DeviceInfo> Devices, IReadOnlyList<Refusal> Refusals, IoCapabilities? Ring, string? RingUnavailable) : CommandReport("info")
{
    protected override int EndsWith => Refusals.Count == 0 ? Cli.ExitCode.Success : Cli.ExitCode.Refused;
}
