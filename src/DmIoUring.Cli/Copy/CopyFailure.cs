namespace DmIoUring.Cli.Copy;

/// <summary>The first thing that went wrong with one device.</summary>
/// <param name="Phase">While doing what.</param>
/// <param name="Errno">The errno's name; null when data differ.</param>
/// <param name="Sector">The first bad sector, in units of 512 bytes; null for a flush, which has none.</param>
/// <param name="IsExact">
/// Whether that very block failed when the piece was tried again block by block; otherwise the piece that failed starts there.
/// </param>
/// <param name="Message">In words.</param>
internal sealed record CopyFailure(CopyPhase Phase, string? Errno, long? Sector, bool IsExact, string Message);
