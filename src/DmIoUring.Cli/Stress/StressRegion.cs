namespace DmIoUring.Cli.Stress;

/// <summary>A region of a drawn operation. Regions with the same place in the buffer are mirrors: they have the same sector too.</summary>
/// <param name="Leg">The device.</param>
/// <param name="Sector">Its first sector.</param>
/// <param name="Count">Sectors; 0 keeps the bit's place and does nothing.</param>
/// <param name="BufferSector">Where its part of the buffer begins, in sectors.</param>
internal readonly record struct StressRegion(int Leg, long Sector, int Count, int BufferSector);
