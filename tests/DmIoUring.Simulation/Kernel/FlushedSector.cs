namespace DmIoUring.Simulation.Kernel;

/// <summary>A sector as a flush found it.</summary>
/// <param name="Sector">Which.</param>
/// <param name="Write">The write that it held, counted.</param>
/// <param name="Bytes">What it held.</param>
internal sealed record FlushedSector(int Sector, int Write, byte[] Bytes);
