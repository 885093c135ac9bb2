namespace DmIoUring.Cli.Bench;

/// <summary>Where the requests go.</summary>
/// <param name="Devices">One, or the legs of each write.</param>
/// <param name="BlockSectors">A request's sectors of 512 bytes.</param>
/// <param name="Blocks">How many whole blocks of each device are used.</param>
internal sealed record BenchTarget(IReadOnlyList<BlockDevice> Devices, long BlockSectors, long Blocks);
