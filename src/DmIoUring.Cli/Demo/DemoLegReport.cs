using DmIoUring.Cli.Copy;

namespace DmIoUring.Cli.Demo;

/// <summary>What became of one leg of the demo.</summary>
/// <param name="Region">Its bit.</param>
/// <param name="Path">The device.</param>
/// <param name="Description">What it is.</param>
/// <param name="PiecesWritten">Pieces whose bit stayed 0.</param>
/// <param name="FailedPieces">The sectors of the pieces whose bit was set, neighbours joined.</param>
/// <param name="Errno">The first failure's errno.</param>
/// <param name="FirstBadSector">The first failure's sector, in units of 512 bytes.</param>
/// <param name="VerifiedBytes">What was read back and was the same, byte for byte.</param>
/// <param name="IsIntact">Whether all that was reported written is there.</param>
internal sealed record DemoLegReport(
    int Region, string Path, string Description, int PiecesWritten, IReadOnlyList<SectorRange> FailedPieces,
    string? Errno, long? FirstBadSector, long VerifiedBytes, bool IsIntact);
