namespace DmIoUring.Cli.Copy;

/// <summary>Sectors of 512 bytes.</summary>
/// <param name="Sector">The first.</param>
/// <param name="Count">How many.</param>
internal sealed record SectorRange(long Sector, long Count);
