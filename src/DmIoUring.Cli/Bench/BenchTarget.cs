namespace DmIoUring.Cli.Bench;

/// <summary>Where the requests of a slot go.</summary>
/// <param name="Devices">One, or the legs of each write.</param>
/// <param name="BlockSectors">A request's sectors of 512 bytes.</param>
/// <param name="Blocks">How many whole blocks of each device are used.</param>
/// <param name="Number">Which of the run's targets; each has its own times.</param>
internal sealed record BenchTarget(IReadOnlyList<BlockDevice> Devices, long BlockSectors, long Blocks, int Number = 0);
