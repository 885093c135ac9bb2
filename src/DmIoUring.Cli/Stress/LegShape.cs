namespace DmIoUring.Cli.Stress;

/// <summary>What an operation's drawing has to know of a device.</summary>
/// <param name="Sectors">Sectors that are used, whole blocks.</param>
/// <param name="BlockSectors">Sectors in a logical block.</param>
internal readonly record struct LegShape(long Sectors, int BlockSectors);
