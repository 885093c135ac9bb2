using System.Globalization;

namespace DmIoUring;

/// <summary>The part of a region that has not ended.</summary>
/// <param name="Region">Its index in the request.</param>
/// <param name="Path">Its device.</param>
/// <param name="Sector">The first sector that has not ended.</param>
/// <param name="SectorsInKernel">
/// Sectors that are in the kernel or wait for a retry; 0 while only a flush is in the kernel.
/// </param>
/// <param name="SectorsWaiting">Sectors that were not submitted to the kernel yet.</param>
public sealed record IoPendingRegion(int Region, string Path, long Sector, long SectorsInKernel, long SectorsWaiting)
{
    /// <summary>A human-readable description.</summary>
    /// <returns>A part of a line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"region {Region} on {Path} from sector {Sector}, {SectorsInKernel} sectors in the kernel, {SectorsWaiting} waiting");
}
